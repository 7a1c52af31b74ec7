/** Says lines on standard error, each not again before another one was said. `makeRoom` runs before each. */
export function noteOnce(makeRoom?: () => void): (line: string) => void {
  let last = "";
  return (line) => {
    if (line === last) return;
    last = line;
    makeRoom?.();
    process.stderr.write(`${line}\n`);
  };
}
