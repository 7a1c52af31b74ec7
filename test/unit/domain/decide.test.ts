import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Circumstances } from "../../../shared/domain/decide.ts";
import type { Evidence } from "../../../shared/domain/evidence.ts";
import type { Failure } from "../../../shared/domain/failure.ts";
import { outcomeSchema } from "../../../shared/domain/outcome.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const circumstances = (changes: Partial<Circumstances> = {}): Circumstances => ({
  transaction: sampleTransaction(),
  claim: sampleClaim({ replays: 2 }),
  calls: 2,
  nowMs: Date.parse("2026-11-23T00:00:00.412Z"),
  worker: "w1",
  verdictLimits: { reviewAt: 0.5, declineAt: 0.8 },
  fallbackVerdict: "review",
  whenBudgetIsSpent: "hold",
  retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 },
  callPrice: 200,
  ...changes,
});

const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };
const SCORED: Evidence = { kind: "scored", score: SCORE, source: "alipay" };

const failed = (failure: Failure): Evidence => ({ kind: "failed", failure });

const RETRYABLE = failed({ kind: "retryable", code: "timeout", detail: "no complete answer" });
const QUOTA = failed({ kind: "quota", code: "40005 isv.app-call-limited", retryAfterMs: undefined });
const BANNED = failed({ kind: "banned", code: "40006 isv.app-api-punished" });
const PERMISSION = failed({ kind: "permission", code: "40006 isv.no-permission", detail: "not signed up" });
const SKEW = failed({ kind: "clock-skew", code: "40002 isv.invalid-timestamp", skewMs: undefined });
const PERMANENT = failed({ kind: "permanent", code: "40004 INVALID_PARAMETER", detail: "amount is wrong" });
const UNKNOWN = failed({ kind: "unknown-code", code: "49999", detail: "unheard of" });

describe("a result", () => {
  it("is the contract's example, field for field", () => {
    expect(decide(SCORED, circumstances())).toEqual({
      action: "conclude",
      outcome: {
        kind: "result",
        result: {
          schemaVersion: 1,
          transactionId: "T202611230000001",
          verdict: "review",
          riskScore: 0.62,
          ruleCodes: ["DEVICE_VELOCITY"],
          source: "alipay",
          revision: 1,
          attempts: 2,
          cost: { value: "0.04", currency: "CNY" },
          traceId: "21a3",
          decidedAt: "2026-11-23T08:00:00.412+08:00",
          metadata: { channel: "app" },
        },
      },
    });
  });

  it.each([
    {
      title: "from the cache",
      evidence: { kind: "scored", score: { ...SCORE, riskScore: 0.9 }, source: "cache" },
      calls: 0,
      expected: { verdict: "decline", riskScore: 0.9, source: "cache", attempts: 0, traceId: "21a3" },
    },
    {
      title: "below the threshold",
      evidence: { kind: "below-threshold" },
      calls: 0,
      expected: { verdict: "approve", riskScore: null, source: "below-threshold", ruleCodes: [] },
    },
    {
      title: "that nobody could give in time",
      evidence: { kind: "overdue" },
      calls: 0,
      expected: { verdict: "review", riskScore: null, source: "fallback", ruleCodes: [], traceId: null },
    },
  ] as const)("$title says so", ({ evidence, calls, expected }) => {
    expect(decide(evidence, circumstances({ calls }))).toMatchObject({
      outcome: { kind: "result", result: { ...expected, cost: { value: "0.00" } } },
    });
  });

  it.each(["approve", "review", "decline"] as const)("falls back to %s where that is set", (verdict) => {
    expect(decide({ kind: "overdue" }, circumstances({ fallbackVerdict: verdict }))).toMatchObject({
      outcome: {
        result: { verdict, riskScore: null, source: "fallback", attempts: 2, cost: { value: "0.04" } },
      },
    });
  });

  it("has no metadata where the transaction brought none", () => {
    const transaction = sampleTransaction({ metadata: undefined });
    expect(decide(SCORED, circumstances({ transaction }))).not.toHaveProperty("outcome.result.metadata");
  });

  it.each([
    { calls: 1, price: 200, value: "0.02" },
    { calls: 4, price: 200, value: "0.08" },
    { calls: 3, price: 75, value: "0.0225" },
  ])("of $calls calls at $price ten-thousandths cost $value", ({ calls, price, value }) => {
    expect(decide(SCORED, circumstances({ calls, callPrice: price }))).toMatchObject({
      outcome: { result: { attempts: calls, cost: { value, currency: "CNY" } } },
    });
  });
});

describe("a dead letter", () => {
  it("says what happened, field for field", () => {
    expect(decide(RETRYABLE, circumstances({ calls: 4 }))).toEqual({
      action: "conclude",
      outcome: {
        kind: "dead-letter",
        deadLetter: {
          reason: "attempts-exhausted",
          detail: "no complete answer",
          code: "timeout",
          attempts: 4,
          replays: 2,
          failedAt: "2026-11-23T08:00:00.412+08:00",
          worker: "w1",
        },
      },
    });
  });

  it.each([
    { title: "another rail", evidence: { kind: "unsupported-rail" }, calls: 0, reason: "unsupported-rail" },
    { title: "a deadline past", evidence: { kind: "expired" }, calls: 0, reason: "expired" },
    { title: "all calls lost", evidence: { kind: "calls-used-up" }, calls: 4, reason: "attempts-exhausted" },
    { title: "a refusal for good", evidence: PERMANENT, calls: 1, reason: "rejected" },
    { title: "an unknown code", evidence: UNKNOWN, calls: 1, reason: "rejected" },
    { title: "a fourth limit answer", evidence: QUOTA, calls: 4, reason: "attempts-exhausted" },
    { title: "a ban at the fourth call", evidence: BANNED, calls: 4, reason: "attempts-exhausted" },
    { title: "no permission four times", evidence: PERMISSION, calls: 4, reason: "attempts-exhausted" },
    { title: "a wrong clock four times", evidence: SKEW, calls: 4, reason: "attempts-exhausted" },
  ] as const)("after $title is $reason", ({ evidence, calls, reason }) => {
    expect(decide(evidence, circumstances({ calls }))).toMatchObject({
      outcome: { kind: "dead-letter", deadLetter: { reason, attempts: calls } },
    });
  });

  it.each([
    {
      evidence: BANNED,
      code: "40006 isv.app-api-punished",
      detail: "the gateway answered 40006 isv.app-api-punished",
    },
    { evidence: PERMISSION, code: "40006 isv.no-permission", detail: "not signed up" },
  ])("tells the code $code, and why in words", ({ evidence, code, detail }) => {
    expect(decide(evidence, circumstances({ calls: 4 }))).toMatchObject({
      outcome: { deadLetter: { code, detail } },
    });
  });

  it("has no code where no gateway spoke", () => {
    expect(decide({ kind: "expired" }, circumstances())).not.toHaveProperty("outcome.deadLetter.code");
  });
});

describe("no outcome yet", () => {
  it.each([
    { evidence: BANNED, calls: 3, expected: { action: "wait", cause: "banned", calls: 3 } },
    { evidence: PERMISSION, calls: 1, expected: { action: "wait", cause: "permission", calls: 1 } },
    { evidence: SKEW, calls: 1, expected: { action: "wait", cause: "clock-skew", calls: 1 } },
    {
      evidence: { kind: "held", cause: "quota" },
      calls: 0,
      expected: { action: "wait", cause: "quota", calls: 0 },
    },
    {
      evidence: { kind: "held", cause: "retry" },
      calls: 2,
      expected: { action: "wait", cause: "retry", calls: 2 },
    },
    {
      evidence: { kind: "interrupted" },
      calls: 1,
      expected: { action: "give-back", cause: "shutdown" },
    },
  ] as const)("$evidence.kind after $calls calls: $expected.action", ({ evidence, calls, expected }) => {
    expect(decide(evidence, circumstances({ calls }))).toEqual(expected);
  });
});

const EVERY_EVIDENCE: readonly Evidence[] = [
  SCORED,
  { kind: "scored", score: SCORE, source: "cache" },
  { kind: "below-threshold" },
  { kind: "unsupported-rail" },
  { kind: "expired" },
  { kind: "calls-used-up" },
  { kind: "overdue" },
  { kind: "held", cause: "strikes" },
  { kind: "interrupted" },
  RETRYABLE,
  QUOTA,
  BANNED,
  PERMISSION,
  SKEW,
  PERMANENT,
  UNKNOWN,
];

it("stores nothing that the journal could not read back, and tells the true number of calls", () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVERY_EVIDENCE), fc.integer({ min: 0, max: 4 }), (evidence, calls) => {
      const decision = decide(evidence, circumstances({ calls }));
      if (decision.action !== "conclude") return;
      const written: unknown = JSON.parse(JSON.stringify(decision.outcome));
      expect(outcomeSchema.parse(written)).toEqual(decision.outcome);
      const { outcome } = decision;
      expect(outcome.kind === "result" ? outcome.result.attempts : outcome.deadLetter.attempts).toBe(calls);
    }),
  );
});

it("never makes a dead letter of what is our fault while calls are left", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(BANNED, PERMISSION, SKEW),
      fc.integer({ min: 0, max: 3 }),
      (evidence, calls) => {
        expect(decide(evidence, circumstances({ calls })).action).toBe("wait");
      },
    ),
  );
});

describe("a budget that is spent", () => {
  const SPENT: Evidence = { kind: "held", cause: "budget" };

  it("is waited out like any hold", () => {
    expect(decide(SPENT, circumstances())).toEqual({ action: "wait", cause: "budget", calls: 2 });
  });

  it("brings a labelled fallback where the operator says so, which other holds do not", () => {
    const wantsFallback = circumstances({ whenBudgetIsSpent: "fallback", fallbackVerdict: "decline" });
    expect(decide(SPENT, wantsFallback)).toMatchObject({
      action: "conclude",
      outcome: { result: { source: "fallback", verdict: "decline", riskScore: null, attempts: 2 } },
    });
    expect(decide({ kind: "held", cause: "banned" }, wantsFallback)).toMatchObject({ action: "wait" });
  });
});
