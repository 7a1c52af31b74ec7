import { describe, expect, it } from "vitest";
import { answerWithoutCall, type ScoringPolicy } from "../../../shared/domain/scoring-policy.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };
const FROM_CACHE = { kind: "scored", score: SCORE, source: "cache" };
const DECIDE_BY = "2026-11-23T08:00:02+08:00";
const DECIDE_BY_MS = Date.parse(DECIDE_BY);

const CLAIM = sampleClaim({ nowMs: DECIDE_BY_MS - 1_000 });

/** 100 yuan. */
const POLICY: ScoringPolicy = { scoreAbove: 10_000, belowThreshold: "approve" };

const amount = (value: string, currency = "CNY") => ({ amount: { value, currency } });

describe("by amount", () => {
  it.each([
    { title: "below", changes: amount("99.99"), score: undefined, expected: { kind: "below-threshold" } },
    { title: "at", changes: amount("100.00"), score: undefined, expected: { kind: "below-threshold" } },
    { title: "above", changes: amount("100.01"), score: undefined, expected: undefined },
    { title: "below, returning", changes: amount("99.99"), score: SCORE, expected: FROM_CACHE },
    { title: "at, returning", changes: amount("100.00"), score: SCORE, expected: FROM_CACHE },
    { title: "above, returning", changes: amount("100.01"), score: SCORE, expected: undefined },
    { title: "below in yen", changes: amount("99", "JPY"), score: undefined, expected: undefined },
    { title: "below in yen, returning", changes: amount("99", "JPY"), score: SCORE, expected: undefined },
  ])("$title the threshold: $expected.kind", ({ changes, score, expected }) => {
    expect(answerWithoutCall(sampleTransaction(changes), { ...CLAIM, score }, POLICY)).toEqual(expected);
  });

  it.each([
    { belowThreshold: "score", score: undefined, expected: undefined },
    { belowThreshold: "score", score: SCORE, expected: FROM_CACHE },
  ] as const)("below it with BELOW_THRESHOLD=$belowThreshold: $expected.kind", (row) => {
    const policy: ScoringPolicy = { ...POLICY, belowThreshold: row.belowThreshold };
    const claim = { ...CLAIM, score: row.score };
    expect(answerWithoutCall(sampleTransaction(amount("1.00")), claim, policy)).toEqual(row.expected);
  });

  it("calls for the smallest amount, stored score or not, where the threshold is 0", () => {
    const policy: ScoringPolicy = { scoreAbove: 0, belowThreshold: "approve" };
    const smallest = sampleTransaction(amount("0.01"));
    expect(answerWithoutCall(smallest, { ...CLAIM, score: SCORE }, policy)).toBeUndefined();
  });
});

describe("by deadline", () => {
  it.each([
    { title: "before it", firstTakenUpMs: -1, expected: undefined },
    { title: "at it", firstTakenUpMs: 0, expected: { kind: "expired" } },
    { title: "after it", firstTakenUpMs: 1, expected: { kind: "expired" } },
  ])("$title: $expected.kind", ({ firstTakenUpMs, expected }) => {
    const claim = {
      ...CLAIM,
      firstTakenUpAtMs: DECIDE_BY_MS + firstTakenUpMs,
      nowMs: DECIDE_BY_MS + 60_000,
    };
    expect(answerWithoutCall(sampleTransaction({ decideBy: DECIDE_BY }), claim, POLICY)).toEqual(expected);
  });

  it("a deadline that is past wins over an answer that is known", () => {
    const small = sampleTransaction({ ...amount("1.00"), decideBy: DECIDE_BY });
    const claim = { ...CLAIM, score: SCORE, firstTakenUpAtMs: DECIDE_BY_MS };
    expect(answerWithoutCall(small, claim, POLICY)).toEqual({ kind: "expired" });
  });
});

it("scores no other rail, whatever else is true of it", () => {
  const other = sampleTransaction({ ...amount("1.00"), rail: "wechat", decideBy: DECIDE_BY });
  const claim = { ...CLAIM, score: SCORE, firstTakenUpAtMs: DECIDE_BY_MS };
  expect(answerWithoutCall(other, claim, POLICY)).toEqual({ kind: "unsupported-rail" });
});
