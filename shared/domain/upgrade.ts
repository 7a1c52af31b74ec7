import type { Outcome } from "./outcome.ts";
import type { RiskResult } from "./risk-result.ts";
import type { Transaction } from "./transaction.ts";
import { YIELDING_PRIORITY, type Urgency } from "./urgency.ts";

/** After that nobody waits for the true score any more. */
const WANTED_MS = 24 * 3_600_000;
/** An upgrade leaves its place in the waiting queue soon, for those behind it may be more urgent. */
const STAYS_MS = 10_000;

/** Whether a true score may still replace it. */
export function isFallback(outcome: Outcome): boolean {
  return outcome.kind === "result" && outcome.result.source === "fallback";
}

/** Whether it says more than the fallback that was told. */
export function isTrueScore(outcome: Outcome): boolean {
  return outcome.kind === "result" && outcome.result.riskScore !== null;
}

/** Whether the true score still means something, so long after the fallback. */
export function isStillWanted(fallback: Pick<RiskResult, "decidedAt">, nowMs: number): boolean {
  return nowMs < Date.parse(fallback.decidedAt) + WANTED_MS;
}

/**
 * What a delivery that is to be upgraded asks for. Its payer was answered: it has no deadline any more. Nobody waits for
 * the true score: it takes what permits nobody else wants.
 */
export function upgradeOf(transaction: Transaction, takenAtMs: number) {
  const urgency: Urgency = {
    priority: YIELDING_PRIORITY,
    waitsUntilMs: takenAtMs + STAYS_MS,
    leavesWhenHeld: false,
  };
  return { transaction: { ...transaction, decideByMs: undefined }, urgency };
}
