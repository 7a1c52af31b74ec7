import type { Claim } from "./claim.ts";
import type { Evidence } from "./evidence.ts";
import type { Transaction } from "./transaction.ts";

export interface ScoringPolicy {
  /** In fen: above it, the API is always called. */
  readonly scoreAbove: number;
  /** At or below it, without a stored score: approve, or score all the same. */
  readonly belowThreshold: "approve" | "score";
}

/** The only rail whose transactions Alipay can score. */
const SCORED_RAIL = "alipay";
/** The threshold is an amount of yuan; other currencies are always scored. */
const THRESHOLD_CURRENCY = "CNY";

/** What is known without a call, or undefined where a call is needed. */
export function answerWithoutCall(
  transaction: Transaction,
  claim: Claim,
  policy: ScoringPolicy,
): Evidence | undefined {
  if (transaction.rail !== SCORED_RAIL) return { kind: "unsupported-rail" };
  const { decideByMs, amount } = transaction;
  if (decideByMs !== undefined && decideByMs <= claim.firstTakenUpAtMs) return { kind: "expired" };
  const isSmall = amount.currency === THRESHOLD_CURRENCY && amount.minorUnits <= policy.scoreAbove;
  if (!isSmall) return undefined;
  if (claim.score !== undefined) return { kind: "scored", score: claim.score, source: "cache" };
  return policy.belowThreshold === "approve" ? { kind: "below-threshold" } : undefined;
}
