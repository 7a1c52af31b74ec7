import { parseJson } from "../domain/parse-json.ts";

/** What Redis keeps as JSON; undefined, which no schema takes, where it is none. */
export function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
