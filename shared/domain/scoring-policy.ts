import type { Claim, StoredScore } from "./claim.ts";
import { dueInMs } from "./deadline.ts";
import type { Evidence } from "./evidence.ts";
import { changeSince, scoredPayment, type ChangeRules } from "./payer-change.ts";
import { thresholdOf, type Thresholds } from "./thresholds.ts";
import type { Transaction } from "./transaction.ts";

/** Which transactions are worth a call. */
export interface ScoringPolicy {
  /** Above its threshold, a transaction is always scored. */
  readonly thresholds: Thresholds;
  /** So is one that differs too much from what the payer's stored score was given for. */
  readonly changes: ChangeRules;
  /** At or below it, without a stored score: approve, or score all the same. */
  readonly belowThreshold: "approve" | "score";
}

/** The only rail whose transactions Alipay can score. */
export const SCORED_RAIL = "alipay";

/** What answering without a call looks at. */
type KnownOfClaim = Pick<Claim, "firstTakenUpAtMs" | "nowMs" | "score" | "device">;
type AnswerWithoutCall = Extract<
  Evidence,
  { kind: "unsupported-rail" | "expired" | "overdue" | "scored" | "below-threshold" }
>;

/** What is known without a call, or undefined where a call is needed. */
export function answerWithoutCall(
  transaction: Transaction,
  claim: KnownOfClaim,
  hasWaited: boolean,
  policy: ScoringPolicy,
): AnswerWithoutCall | undefined {
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
  claim: KnownOfClaim,
  hasWaited: boolean,
): Extract<Evidence, { kind: "expired" | "overdue" }> | undefined {
  const { decideByMs = Infinity } = transaction;
  if (decideByMs <= claim.firstTakenUpAtMs && !hasWaited) return { kind: "expired" };
  return (dueInMs(transaction, claim) ?? Infinity) <= 0 ? { kind: "overdue" } : undefined;
}

/**
 * Whether a transaction is taken up with a lease: "always" where it may be called, "unless-scored" where a stored score
 * would answer it, "never" where only a stored score that does not fit could have it called: then it is claimed again.
 */
export type LeaseNeed = "always" | "unless-scored" | "never";

/** Pure: what is known of that before a transaction is taken up. */
export function leaseNeed(
  transaction: Pick<Transaction, "rail" | "amount" | "merchantCategoryCode" | "decideByMs">,
  policy: ScoringPolicy,
): LeaseNeed {
  // The journal must know from the first moment on when it was taken up.
  if (transaction.decideByMs !== undefined) return "always";
  if (transaction.rail !== SCORED_RAIL) return "never";
  if (!isSmall(transaction, policy)) return "always";
  return policy.belowThreshold === "approve" ? "never" : "unless-scored";
}

/** Whether a stored score may answer it. */
export function isSmall(
  transaction: Pick<Transaction, "amount" | "merchantCategoryCode">,
  { thresholds }: Pick<ScoringPolicy, "thresholds">,
): boolean {
  return transaction.amount.minorUnits <= thresholdOf(transaction, thresholds);
}

function answerOfSmall(
  transaction: Transaction,
  claim: KnownOfClaim,
  policy: ScoringPolicy,
): AnswerWithoutCall | undefined {
  if (!isSmall(transaction, policy)) return undefined;
  const { score } = claim;
  if (score === undefined)
    return policy.belowThreshold === "approve" ? { kind: "below-threshold" } : undefined;
  if (changeSince(score.payment, { transaction, claim }, policy.changes) !== undefined) return undefined;
  return { kind: "scored", score, source: "cache" };
}

/** What is stored for the payer's next transactions: only what the gateway said, with what it said it of. */
export function scoreToKeep(
  evidence: Evidence,
  transaction: Transaction,
  claim: Pick<Claim, "device">,
  { changes }: Pick<ScoringPolicy, "changes">,
): StoredScore | undefined {
  if (evidence.kind !== "scored" || evidence.source !== "alipay") return undefined;
  return { ...evidence.score, payment: scoredPayment({ transaction, claim }, changes) };
}
