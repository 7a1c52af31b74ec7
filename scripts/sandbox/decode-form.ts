/** Parameters of one request by name, decoded. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * Decodes form-encoded text strictly: undefined where an escape is broken, is not UTF-8, or a name occurs
 * twice. (URLSearchParams would mend or hide all three.)
 */
export function decodeForm(...texts: readonly string[]): Parameters | undefined {
  const parameters = new Map<string, string>();
  for (const pair of texts.flatMap((text) => text.split("&")).filter((text) => text !== "")) {
    const nameEnd = pair.indexOf("=");
    const name = decode(nameEnd < 0 ? pair : pair.slice(0, nameEnd));
    const value = decode(nameEnd < 0 ? "" : pair.slice(nameEnd + 1));
    if (name === undefined || value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
