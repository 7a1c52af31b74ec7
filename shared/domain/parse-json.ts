import { parse } from "jsonc-parser";

/** `JSON.parse`, with its keys right. @throws SyntaxError */
export function parseJson(text: string): unknown {
  return withTrueKeys(text, JSON.parse(text));
}

/**
 * What JSON.parse made of the text, with its keys right: V8 13.6 (Node.js 24.21) may take the key `"` for a `\` that it
 * has seen in an earlier object of the same shape. Where a text has escapes, another parser reads it again. That one
 * recurses, so bound the depth of a stranger's text before.
 */
export function withTrueKeys(text: string, value: unknown): unknown {
  if (!text.includes("\\")) return value;
  const reread: unknown = parse(text);
  return reread;
}
