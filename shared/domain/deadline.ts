import type { Claim } from "./claim.ts";
import type { Transaction } from "./transaction.ts";

/** An answer is on its way this long before `decideBy`. */
const AHEAD_MS = 200;

/** A transaction that waits with a `decideBy`: all it takes to answer it in time without its delivery. */
export interface Deadline extends Pick<Transaction, "transactionId" | "rail" | "merchantId" | "metadata"> {
  /** When it must be answered; Redis' clock, milliseconds since the epoch. */
  readonly dueMs: number;
  readonly claim: Pick<Claim, "digest" | "pseudonym" | "replays" | "calls">;
  /** The producer's, opaque. */
  readonly correlationId: string | undefined;
}

/** Milliseconds from the claim on until the transaction must be answered; undefined where it has all the time. */
export function dueInMs({ decideByMs }: Transaction, claim: Claim): number | undefined {
  return decideByMs === undefined ? undefined : decideByMs - AHEAD_MS - claim.nowMs;
}

/** What to remember of a transaction that goes to wait; undefined where it has all the time. */
export function deadlineOf(
  transaction: Transaction,
  claim: Claim,
  calls: number,
  correlationId: string | undefined,
): Deadline | undefined {
  const { transactionId, rail, merchantId, metadata, decideByMs } = transaction;
  if (decideByMs === undefined) return undefined;
  const { digest, pseudonym, replays } = claim;
  return {
    transactionId,
    rail,
    merchantId,
    metadata,
    dueMs: decideByMs - AHEAD_MS,
    claim: { digest, pseudonym, replays, calls },
    correlationId,
  };
}
