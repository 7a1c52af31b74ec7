import { MOST_REPLAYS, type DeadLetter, type DeadLetterReason } from "./dead-letter.ts";
import type { Delivery } from "./delivery.ts";

/** Of what ends for such a reason, the journal says nothing. */
export const UNSTORED_REASONS = ["malformed", "conflict", "poisoned"] as const satisfies DeadLetterReason[];

/** What a delivery becomes without an outcome in the journal, before it is said who found it and when. */
export type UnstoredLetter = Omit<DeadLetter, "failedAt" | "worker"> & {
  readonly reason: (typeof UNSTORED_REASONS)[number];
};

/** What is told of it all the same. */
type Counts = Pick<DeadLetter, "attempts" | "replays">;

/** What a delivery itself tells. A replay is one more than the letter knows of that it puts back. */
export const countsOf = ({ calls, replays }: Pick<Delivery, "calls" | "replays">): Counts => ({
  attempts: calls,
  replays: replays === undefined ? 0 : Math.min(replays + 1, MOST_REPLAYS),
});

/** Not stored: there is no transaction. */
export const malformed = (problem: string, counts: Counts): UnstoredLetter => ({
  reason: "malformed",
  detail: problem,
  ...counts,
});

/** Not stored: which transaction it is, nobody can find out and live. */
export const poisoned = (deaths: number, counts: Counts): UnstoredLetter => ({
  reason: "poisoned",
  detail: `${deaths} workers in a row died with it in hand: each at work on nothing else that had come back`,
  ...counts,
});

/** Not stored: the id's outcome is that of the transaction which had it first. */
export const conflicting = (counts: Counts): UnstoredLetter => ({
  reason: "conflict",
  detail: "transactionId: already used by a transaction with other content",
  ...counts,
});
