import { withoutCredentials } from "./without-credentials.ts";

const MOST_CHARACTERS = 300;
/** Read so far at most: what is cut off here could not be shown anyway. */
const MOST_EXAMINED = 2_000;

/** One printable line of at most 300 characters, without credentials, of a text from anywhere. */
export function boundedLine(text: string): string {
  const line = withoutCredentials(text.slice(0, MOST_EXAMINED)).replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}
