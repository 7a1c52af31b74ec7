import type { Outcome } from "./outcome.ts";
import type { RiskResult } from "./risk-result.ts";

/** After that nobody waits for the true score any more. */
const WANTED_MS = 24 * 3_600_000;

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
