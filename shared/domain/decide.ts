import type { WhenBudgetIsSpent } from "./budget.ts";
import type { Claim } from "./claim.ts";
import type { DeadLetter, DeadLetterReason } from "./dead-letter.ts";
import type { Evidence } from "./evidence.ts";
import type { Failure } from "./failure.ts";
import { formatInstant } from "./instant.ts";
import { costOfCalls } from "./money.ts";
import type { Outcome } from "./outcome.ts";
import { afterFailure, countedCalls, type RetryPolicy } from "./retry-policy.ts";
import { verdictOf, type RiskResult, type Verdict, type VerdictLimits } from "./risk-result.ts";
import type { Transaction } from "./transaction.ts";

/** All that deciding depends on besides the evidence. */
export interface Circumstances extends LastingCircumstances {
  readonly transaction: Pick<Transaction, "transactionId" | "metadata">;
  readonly claim: Pick<Claim, "replays" | "forgiven">;
  /** API calls made for this transaction so far. */
  readonly calls: number;
  readonly nowMs: number;
  /** 2 where a fallback was told before; 1 where nothing is said. */
  readonly revision?: 1 | 2;
}

/** Those that are the same for all that a worker decides. */
export interface LastingCircumstances {
  /** Which replica. */
  readonly worker: string;
  readonly verdictLimits: VerdictLimits;
  /** The verdict on what nobody could answer in time. */
  readonly fallbackVerdict: Verdict;
  readonly whenBudgetIsSpent: WhenBudgetIsSpent;
  readonly retryPolicy: RetryPolicy;
  /** In ten-thousandths of a yuan. */
  readonly callPrice: number;
}

/** How it ends, or that it has not ended yet. */
export type Decision =
  | { readonly action: "conclude"; readonly outcome: Outcome }
  | { readonly action: "wait"; readonly cause: string; readonly calls: number }
  | { readonly action: "give-back"; readonly cause: "shutdown" };

/** Pure: the same evidence in the same circumstances is the same decision. */
export function decide(evidence: Evidence, circumstances: Circumstances): Decision {
  switch (evidence.kind) {
    case "scored": {
      const { riskScore, ruleCodes, traceId } = evidence.score;
      const verdict = verdictOf(riskScore, circumstances.verdictLimits);
      return conclude(
        { verdict, riskScore, ruleCodes: [...ruleCodes], source: evidence.source, traceId },
        circumstances,
      );
    }
    case "below-threshold":
      return conclude(
        { verdict: "approve", riskScore: null, ruleCodes: [], source: "below-threshold", traceId: null },
        circumstances,
      );
    case "overdue":
      return fallBack(circumstances);
    case "unsupported-rail":
      return refuse("unsupported-rail", "rail: only alipay can be scored here", undefined, circumstances);
    case "expired":
      return refuse(
        "expired",
        "decideBy: was past when the transaction was first taken up",
        undefined,
        circumstances,
      );
    case "calls-used-up":
      return refuse(
        "attempts-exhausted",
        `all ${circumstances.calls} calls were made earlier, and none of them brought an answer that is known`,
        undefined,
        circumstances,
      );
    case "failed":
      return decideFailure(evidence.failure, circumstances);
    case "held":
      if (evidence.cause === "budget" && circumstances.whenBudgetIsSpent === "fallback") {
        return fallBack(circumstances);
      }
      return { action: "wait", cause: evidence.cause, calls: circumstances.calls };
    case "interrupted":
      return { action: "give-back", cause: "shutdown" };
  }
}

function fallBack(circumstances: Circumstances): Decision {
  const { fallbackVerdict: verdict } = circumstances;
  return conclude(
    { verdict, riskScore: null, ruleCodes: [], source: "fallback", traceId: null },
    circumstances,
  );
}

function decideFailure(failure: Failure, circumstances: Circumstances): Decision {
  const { calls, claim, retryPolicy } = circumstances;
  const after = afterFailure(failure, countedCalls(calls, claim.forgiven), retryPolicy);
  if (after.next === "dead-letter")
    return refuse(after.reason, describe(failure), failure.code, circumstances);
  return { action: "wait", cause: failure.kind, calls };
}

function describe(failure: Failure): string {
  return "detail" in failure ? failure.detail : `the gateway answered ${failure.code}`;
}

function conclude(
  answer: Pick<RiskResult, "verdict" | "riskScore" | "ruleCodes" | "source" | "traceId">,
  { transaction, calls, nowMs, revision = 1, callPrice }: Circumstances,
): Decision {
  const { transactionId, metadata } = transaction;
  const result: RiskResult = {
    schemaVersion: 1,
    transactionId,
    verdict: answer.verdict,
    riskScore: answer.riskScore,
    ruleCodes: answer.ruleCodes,
    source: answer.source,
    revision,
    attempts: calls,
    cost: { value: costOfCalls(callPrice, calls), currency: "CNY" },
    traceId: answer.traceId,
    decidedAt: formatInstant(nowMs),
    ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
  };
  return { action: "conclude", outcome: { kind: "result", result } };
}

function refuse(
  reason: DeadLetterReason,
  detail: string,
  code: string | undefined,
  { claim, calls, nowMs, worker }: Circumstances,
): Decision {
  const deadLetter: DeadLetter = {
    reason,
    detail,
    ...(code === undefined ? {} : { code }),
    attempts: calls,
    replays: claim.replays,
    failedAt: formatInstant(nowMs),
    worker,
  };
  return { action: "conclude", outcome: { kind: "dead-letter", deadLetter } };
}
