import { readLetter } from "../../../shared/amqp/read-letter.ts";
import type { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import { isNamed } from "../../../shared/domain/letters/selection.ts";
import type { HeldLetter } from "./assess-letters.ts";
import type { LettersSession } from "./letters-session.ts";

const PER_CHANNEL = 50_000;
/** More letters of one id than anybody looks at. */
const MOST_FOUND = 100;

/** Reads the queue for the letters of one id, and their copies; they stay in hand. */
export async function findLetters(
  id: string,
  letters: LettersInHand,
  session: LettersSession,
  signal: AbortSignal,
): Promise<HeldLetter[]> {
  const found: HeldLetter[] = [];
  await letters.read({
    perChannel: PER_CHANNEL,
    signal,
    onLetter: ({ message, remove }) => {
      const letter = readLetter(message, session.names.exchanges.transactions);
      if (isNamed(letter, id)) found.push({ letter, message, remove });
      return found.length < MOST_FOUND ? "next" : "enough";
    },
  });
  return found;
}

/** Each letter once, with how many messages it is. */
export function withoutCopies<T extends HeldLetter>(found: readonly T[]): { held: T; messages: number }[] {
  const byInstance = Map.groupBy(found, ({ letter }) => letter.instance);
  return [...byInstance.values()].flatMap((same) => {
    const [held] = same;
    return held === undefined ? [] : [{ held, messages: same.length }];
  });
}
