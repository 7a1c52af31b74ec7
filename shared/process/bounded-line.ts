import { escapeHidden } from "./escape-hidden.ts";
import { withoutCredentials } from "./without-credentials.ts";

const MOST_CHARACTERS = 300;
/** Ids, codes and names: nothing in them is hidden, nothing is a secret's place. */
const PLAIN = /^[\w.-]{0,64}$/;
/** Read so far at most: what is cut off here could not be shown anyway. */
const MOST_EXAMINED = 2_000;

/**
 * One printable line of at most 300 characters, without credentials, of a text from anywhere. What cannot be seen in it
 * is escaped.
 */
export function boundedLine(text: string): string {
  if (PLAIN.test(text)) return text;
  const printable = withoutCredentials(text.slice(0, MOST_EXAMINED)).replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  const line = escapeHidden(printable);
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}
