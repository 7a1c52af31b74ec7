import { describe, expect, it } from "vitest";
import { answerWithoutCall, leaseNeed } from "../../../shared/domain/scoring-policy.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };
const FROM_CACHE = { kind: "scored", score: SCORE, source: "cache" };
const DECIDE_BY = "2026-11-23T08:00:02+08:00";
const DECIDE_BY_MS = Date.parse(DECIDE_BY);

const CLAIM = sampleClaim({ nowMs: DECIDE_BY_MS - 1_000 });

/** 100 yuan. */
const POLICY = samplePolicy({ scoreAbove: 10_000 });

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
    expect(answerWithoutCall(sampleTransaction(changes), { ...CLAIM, score }, false, POLICY)).toEqual(
      expected,
    );
  });

  it.each([
    { belowThreshold: "score", score: undefined, expected: undefined },
    { belowThreshold: "score", score: SCORE, expected: FROM_CACHE },
  ] as const)("below it with BELOW_THRESHOLD=$belowThreshold: $expected.kind", (row) => {
    const policy = samplePolicy({ scoreAbove: 10_000, belowThreshold: row.belowThreshold });
    const claim = { ...CLAIM, score: row.score };
    expect(answerWithoutCall(sampleTransaction(amount("1.00")), claim, false, policy)).toEqual(row.expected);
  });

  it("calls for the smallest amount, stored score or not, where the threshold is 0", () => {
    const smallest = sampleTransaction(amount("0.01"));
    expect(answerWithoutCall(smallest, { ...CLAIM, score: SCORE }, false, samplePolicy())).toBeUndefined();
  });
});

describe("a lease", () => {
  it.each([
    { title: "a large amount", changes: amount("100.01"), below: "approve", need: "always" },
    { title: "a small one", changes: amount("100.00"), below: "approve", need: "never" },
    { title: "a small one that is scored", changes: amount("100.00"), below: "score", need: "unless-scored" },
    {
      title: "a small one with a deadline",
      changes: { ...amount("100.00"), decideBy: DECIDE_BY },
      below: "approve",
      need: "always",
    },
    {
      title: "another rail",
      changes: { ...amount("100.01"), rail: "wechat" },
      below: "score",
      need: "never",
    },
  ] as const)("is needed $need for $title", ({ changes, below, need }) => {
    const policy = samplePolicy({ scoreAbove: 10_000, belowThreshold: below });
    expect(leaseNeed(sampleTransaction(changes), policy)).toBe(need);
  });
});

describe("by what changed since the payer's stored score", () => {
  const payment = { device: CLAIM.device(), amount: { currency: "CNY", minorUnits: 5_000 } };
  const small = sampleTransaction(amount("99.99"));
  const policy = samplePolicy({ scoreAbove: 10_000, alwaysScoreOn: ["device", "amount"] });

  it.each([
    { title: "nothing", score: { ...SCORE, payment }, expected: "cache" },
    {
      title: "the device",
      score: { ...SCORE, payment: { ...payment, device: "another" } },
      expected: "call",
    },
    { title: "nobody knows what", score: SCORE, expected: "call" },
  ])("$title: $expected", ({ score, expected }) => {
    const answer = answerWithoutCall(small, { ...CLAIM, score }, false, policy);
    expect(answer).toEqual(expected === "cache" ? { ...FROM_CACHE, score } : undefined);
  });

  it("is not asked for where no score is stored: there is nothing to compare with", () => {
    expect(answerWithoutCall(small, CLAIM, false, policy)).toEqual({ kind: "below-threshold" });
  });

  it("does not matter where no rule is on", () => {
    const score = { ...SCORE, payment: { device: "another" } };
    expect(answerWithoutCall(small, { ...CLAIM, score }, false, POLICY)).toEqual({ ...FROM_CACHE, score });
  });
});

describe("by deadline", () => {
  it.each([
    { first: -5_000, now: -5_000, hasWaited: false, expected: undefined },
    { first: -5_000, now: -201, hasWaited: false, expected: undefined },
    { first: -5_000, now: -200, hasWaited: false, expected: { kind: "overdue" } },
    { first: -1, now: 60_000, hasWaited: false, expected: { kind: "overdue" } },
    { first: 0, now: 60_000, hasWaited: false, expected: { kind: "expired" } },
    { first: 1, now: 1, hasWaited: false, expected: { kind: "expired" } },
    { first: 1, now: 1, hasWaited: true, expected: { kind: "overdue" } }, // the journal was lost meanwhile
  ])("first taken up $first ms after it, and now $now ms after it: $expected.kind", (row) => {
    const claim = { ...CLAIM, firstTakenUpAtMs: DECIDE_BY_MS + row.first, nowMs: DECIDE_BY_MS + row.now };
    const transaction = sampleTransaction({ decideBy: DECIDE_BY });
    expect(answerWithoutCall(transaction, claim, row.hasWaited, POLICY)).toEqual(row.expected);
  });

  it("an answer that is known is better than none", () => {
    const small = sampleTransaction({ ...amount("1.00"), decideBy: DECIDE_BY });
    const claim = { ...CLAIM, score: SCORE, nowMs: DECIDE_BY_MS };
    expect(answerWithoutCall(small, claim, false, POLICY)).toEqual(FROM_CACHE);
  });

  it("a deadline that is past wins over an answer that is known", () => {
    const small = sampleTransaction({ ...amount("1.00"), decideBy: DECIDE_BY });
    const claim = { ...CLAIM, score: SCORE, firstTakenUpAtMs: DECIDE_BY_MS };
    expect(answerWithoutCall(small, claim, false, POLICY)).toEqual({ kind: "expired" });
  });
});

it("scores no other rail, whatever else is true of it", () => {
  const other = sampleTransaction({ ...amount("1.00"), rail: "wechat", decideBy: DECIDE_BY });
  const claim = { ...CLAIM, score: SCORE, firstTakenUpAtMs: DECIDE_BY_MS };
  expect(answerWithoutCall(other, claim, false, POLICY)).toEqual({ kind: "unsupported-rail" });
});
