// Loaded into a worker before its own modules: parsing a body that holds the word KILLER ends the process at once.
const parse = JSON.parse;
JSON.parse = (text: string, ...rest): unknown => {
  if (typeof text === "string" && text.includes('"KILLER"')) process.kill(process.pid, "SIGKILL");
  const value: unknown = parse(text, ...rest);
  return value;
};
