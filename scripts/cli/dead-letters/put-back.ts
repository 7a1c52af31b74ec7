import type { Publisher } from "../../../shared/amqp/publisher.ts";
import { replayMessage } from "../../../shared/amqp/replay-message.ts";
import type { ReplayCounts, ReplayOrder } from "../../../shared/redis/letters/replay-records.ts";
import type { AssessedLetter, HeldLetter } from "./assess-letters.ts";
import type { LettersSession } from "./letters-session.ts";

/** One letter and its copies; one at least. */
export type SameLetter = readonly AssessedLetter<HeldLetter>[];

export interface PutBackOptions {
  readonly id: string;
  readonly order: ReplayOrder;
  readonly session: LettersSession;
  readonly publisher: Publisher;
  readonly counts: ReplayCounts;
}

/**
 * Publishes one letter to the replay lane, and takes it and its copies off the queue once the broker has it. Gives it
 * where an outcome is to be waited for.
 */
export async function putBack(
  same: SameLetter,
  { id, order, session, publisher, counts }: PutBackOptions,
): Promise<AssessedLetter | undefined> {
  const [first] = same;
  if (first === undefined) return undefined;
  const { letter, past, prospect, read } = first;
  const calls = Math.max(letter.attempts, past?.calls ?? 0);
  const stamp = {
    letter,
    replays: letter.replays ?? past?.replays ?? 0,
    forgiven: order.freshCalls && prospect.kind === "call" ? calls : 0,
    replayId: id,
  };
  await publisher.publish(replayMessage(read.message, stamp, session.names));
  counts.copies += removeAll(same) - 1;
  if (prospect.kind === "answered") {
    counts.republished += 1;
    return undefined;
  }
  counts.replayed += 1;
  return first;
}

/** Gives how many there were. */
export function removeAll(same: SameLetter): number {
  for (const { read } of same) read.remove();
  return same.length;
}
