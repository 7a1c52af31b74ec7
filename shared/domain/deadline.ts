import type { Claim } from "./claim.ts";
import type { Transaction } from "./transaction.ts";

/** An answer is on its way this long before `decideBy`. */
const AHEAD_MS = 200;
/**
 * `decideBy` is at most a day after the transaction occurred, and clocks differ. What claims to have occurred in the
 * future is not remembered before its day has come, or it would be kept for ever.
 */
const FARTHEST_MS = 25 * 3_600_000;

/** A transaction that waits with a `decideBy`: all it takes to answer it in time without its delivery. */
export interface Deadline extends Pick<Transaction, "transactionId" | "rail" | "merchantId" | "metadata"> {
  /** When it must be answered; Redis' clock, milliseconds since the epoch. */
  readonly dueMs: number;
  readonly claim: Pick<Claim, "digest" | "pseudonym" | "replays" | "calls">;
  /** The producer's, opaque. */
  readonly correlationId: string | undefined;
}

/** Deadlines that are due, taken for a lease. */
export interface DueDeadlines {
  readonly deadlines: readonly Deadline[];
  /** Names the lease: when it ends. */
  readonly leaseUntilMs: number;
  /** Milliseconds until the next one is due, leases included; undefined where none is known. */
  readonly nextInMs: number | undefined;
}

/** Milliseconds from the claim on until the transaction must be answered; undefined where it has all the time. */
export function dueInMs({ decideByMs }: Transaction, claim: Pick<Claim, "nowMs">): number | undefined {
  return decideByMs === undefined ? undefined : decideByMs - AHEAD_MS - claim.nowMs;
}

/** What to remember of a transaction that goes to wait; undefined where there is nothing to. */
export function deadlineOf(
  transaction: Transaction,
  claim: Claim,
  calls: number,
  correlationId: string | undefined,
): Deadline | undefined {
  const { transactionId, rail, merchantId, metadata, decideByMs } = transaction;
  if (decideByMs === undefined || decideByMs > claim.nowMs + FARTHEST_MS) return undefined;
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
