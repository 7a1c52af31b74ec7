import type { Claim } from "./claim.ts";
import { dueInMs } from "./deadline.ts";
import type { Evidence } from "./evidence.ts";
import type { Transaction } from "./transaction.ts";

export interface ScoringPolicy {
  /** In fen: above it, the API is always called. */
  readonly scoreAbove: number;
  /** At or below it, without a stored score: approve, or score all the same. */
  readonly belowThreshold: "approve" | "score";
}

/** The only rail whose transactions Alipay can score. */
export const SCORED_RAIL = "alipay";
/** The threshold is an amount of yuan; other currencies are always scored. */
const THRESHOLD_CURRENCY = "CNY";

/** What is known without a call, or undefined where a call is needed. */
export function answerWithoutCall(
  transaction: Transaction,
  claim: Claim,
  hasWaited: boolean,
  policy: ScoringPolicy,
): Evidence | undefined {
  if (transaction.rail !== SCORED_RAIL) return { kind: "unsupported-rail" };
  const late = lateness(transaction, claim, hasWaited);
  return late?.kind === "expired" ? late : (answerOfSmall(transaction, claim, policy) ?? late);
}

/**
 * What its deadline makes of a transaction, or undefined while there is time. One that waited was taken up before, also
 * where the journal has forgotten when.
 */
export function lateness(
  transaction: Transaction,
  claim: Claim,
  hasWaited: boolean,
): Extract<Evidence, { kind: "expired" | "overdue" }> | undefined {
  const { decideByMs = Infinity } = transaction;
  if (decideByMs <= claim.firstTakenUpAtMs && !hasWaited) return { kind: "expired" };
  return (dueInMs(transaction, claim) ?? Infinity) <= 0 ? { kind: "overdue" } : undefined;
}

/** Whether a stored score may answer it. */
export function isSmall({ amount }: Pick<Transaction, "amount">, policy: ScoringPolicy): boolean {
  return amount.currency === THRESHOLD_CURRENCY && amount.minorUnits <= policy.scoreAbove;
}

function answerOfSmall(transaction: Transaction, claim: Claim, policy: ScoringPolicy): Evidence | undefined {
  if (!isSmall(transaction, policy)) return undefined;
  if (claim.score !== undefined) return { kind: "scored", score: claim.score, source: "cache" };
  return policy.belowThreshold === "approve" ? { kind: "below-threshold" } : undefined;
}
