import { InvalidArgumentError } from "commander";

const MOST_CHARACTERS = 200;

/** A flag that takes a few words for the audit: one printable line. */
export function reasonFlag(text: string): string {
  const reason = text.trim();
  if (/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(reason) && reason.length <= MOST_CHARACTERS) return reason;
  throw new InvalidArgumentError(`Wanted: 1 to ${MOST_CHARACTERS} printable characters.`);
}
