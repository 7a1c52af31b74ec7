import { readLetter } from "../../../shared/amqp/read-letter.ts";
import { LetterGroups } from "../../../shared/domain/letters/groups.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { isSelected, type LetterSelection } from "../../../shared/domain/letters/selection.ts";
import { holdLetters, type LettersSession } from "./letters-session.ts";
import { SeenLetters } from "./seen-letters.ts";

/** The broker gives one channel 65,535 at most. */
const PER_CHANNEL = 50_000;

/** A page of single letters, in the order of the queue. */
export interface Page {
  /** From 1. */
  readonly number: number;
  readonly size: number;
}

/** What is on the dead-letter queue, as far as it was asked for. */
export interface LetterList {
  readonly groups: LetterGroups;
  /** All that fit, copies included. */
  readonly messages: number;
  readonly page: readonly Letter[];
}

/** Looks at every letter once, and keeps no more of them than the page. */
export function listLetters(
  session: LettersSession,
  selection: LetterSelection,
  page?: Page,
): Promise<LetterList> {
  return holdLetters(session, "dead-letters list", async (letters, signal) => {
    const groups = new LetterGroups();
    const seen = new SeenLetters();
    const shown: Letter[] = [];
    const from = page === undefined ? Infinity : (page.number - 1) * page.size;
    let messages = 0;
    await letters.read({
      perChannel: PER_CHANNEL,
      signal,
      onLetter: ({ message }) => {
        const letter = readLetter(message, session.names.exchanges.transactions);
        if (!isSelected(letter, selection)) return "next";
        groups.add(letter, !seen.isFirst(letter.instance));
        if (messages >= from && page !== undefined && shown.length < page.size) shown.push(letter);
        messages += 1;
        return "next";
      },
    });
    return { groups, messages, page: shown };
  });
}
