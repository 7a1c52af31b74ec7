import { expect, it } from "vitest";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import { isFallback, isStillWanted, isTrueScore } from "../../../shared/domain/upgrade.ts";
import { sampleResult } from "../../support/sample-result.ts";

const resultOf = (
  source: "alipay" | "cache" | "below-threshold" | "fallback",
  riskScore: number | null,
): Outcome => ({
  kind: "result",
  result: sampleResult({ source, riskScore }),
});
const deadLetter: Outcome = {
  kind: "dead-letter",
  deadLetter: { reason: "rejected", detail: "", attempts: 1, replays: 0, failedAt: "", worker: "w1" },
};

it.each([
  { outcome: resultOf("fallback", null), fallback: true, trueScore: false },
  { outcome: resultOf("alipay", 0), fallback: false, trueScore: true },
  { outcome: resultOf("cache", 0.5), fallback: false, trueScore: true },
  { outcome: resultOf("below-threshold", null), fallback: false, trueScore: false },
  { outcome: deadLetter, fallback: false, trueScore: false },
])("fallback: $fallback, true score: $trueScore", ({ outcome, fallback, trueScore }) => {
  expect(isFallback(outcome)).toBe(fallback);
  expect(isTrueScore(outcome)).toBe(trueScore);
});

it("is wanted for a day", () => {
  const decidedAt = "2026-11-23T08:00:00.000+08:00";
  const dayLaterMs = Date.parse("2026-11-24T08:00:00.000+08:00");
  expect(isStillWanted({ decidedAt }, dayLaterMs - 1)).toBe(true);
  expect(isStillWanted({ decidedAt }, dayLaterMs)).toBe(false);
});
