import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Failure, FailureKind } from "../../../shared/domain/failure.ts";
import { afterFailure, callLimit, delayAfterCall } from "../../../shared/domain/retry-policy.ts";

const POLICY = { retryLimit: 3, initialDelayMs: 5_000 };

const FAILURES: Readonly<Record<FailureKind, Failure>> = {
  retryable: { kind: "retryable", code: "timeout", detail: "no answer" },
  quota: { kind: "quota", code: "40005", retryAfterMs: undefined },
  banned: { kind: "banned", code: "40006 isv.app-api-punished" },
  permission: { kind: "permission", code: "40006", detail: "no permission" },
  "clock-skew": { kind: "clock-skew", code: "40002 isv.invalid-timestamp", skewMs: 600_000 },
  permanent: { kind: "permanent", code: "40004 INVALID_PARAMETER", detail: "amount" },
  "unknown-code": { kind: "unknown-code", code: "49999", detail: "never heard of" },
};

const anyFailure = fc.constantFrom(...Object.values(FAILURES));
const anyPolicy = fc.record({
  retryLimit: fc.integer({ min: 0, max: 10 }),
  initialDelayMs: fc.integer({ min: 0, max: 60_000 }),
});

const EXHAUSTED = { next: "dead-letter", reason: "attempts-exhausted" };
const REJECTED = { next: "dead-letter", reason: "rejected" };

describe("after a failed call", () => {
  it.each([
    { kind: "retryable", calls: 1, expected: { next: "call", delayMs: 5_000 } },
    { kind: "retryable", calls: 2, expected: { next: "call", delayMs: 10_000 } },
    { kind: "retryable", calls: 3, expected: { next: "call", delayMs: 20_000 } },
    { kind: "retryable", calls: 4, expected: EXHAUSTED },
    { kind: "retryable", calls: 5, expected: EXHAUSTED },
    { kind: "quota", calls: 1, expected: { next: "call", delayMs: 5_000 } },
    { kind: "quota", calls: 4, expected: EXHAUSTED },
    { kind: "banned", calls: 1, expected: { next: "hold" } },
    { kind: "banned", calls: 3, expected: { next: "hold" } },
    { kind: "banned", calls: 4, expected: EXHAUSTED },
    { kind: "permission", calls: 3, expected: { next: "hold" } },
    { kind: "permission", calls: 4, expected: EXHAUSTED },
    { kind: "clock-skew", calls: 3, expected: { next: "hold" } },
    { kind: "clock-skew", calls: 4, expected: EXHAUSTED },
    { kind: "permanent", calls: 1, expected: REJECTED },
    { kind: "permanent", calls: 4, expected: REJECTED },
    { kind: "unknown-code", calls: 1, expected: REJECTED },
  ] as const)("$kind, $calls made: $expected.next", ({ kind, calls, expected }) => {
    expect(afterFailure(FAILURES[kind], calls, POLICY)).toEqual(expected);
  });

  it("makes no second call where no retry is allowed", () => {
    const policy = { retryLimit: 0, initialDelayMs: 5_000 };
    expect(afterFailure(FAILURES.retryable, 1, policy)).toEqual(EXHAUSTED);
  });
});

it("never makes more calls than the limit, whatever fails in whatever order", () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyFailure, { minLength: 20, maxLength: 20 }), (policy, failures) => {
      let calls = 0;
      for (const failure of failures) {
        calls += 1;
        if (afterFailure(failure, calls, policy).next !== "call") break;
      }
      expect(calls).toBeGreaterThan(0);
      expect(calls).toBeLessThanOrEqual(callLimit(policy));
    }),
  );
});

it("doubles each delay, from the first on", () => {
  fc.assert(
    fc.property(anyPolicy, fc.integer({ min: 1, max: 10 }), (policy, call) => {
      expect(delayAfterCall(1, policy)).toBe(policy.initialDelayMs);
      expect(delayAfterCall(call + 1, policy)).toBe(2 * delayAfterCall(call, policy));
    }),
  );
});

it("waits after a failure as long as the journal is told", () => {
  fc.assert(
    fc.property(anyPolicy, anyFailure, fc.integer({ min: 1, max: 11 }), (policy, failure, calls) => {
      const after = afterFailure(failure, calls, policy);
      fc.pre(after.next === "call");
      expect(after).toEqual({ next: "call", delayMs: delayAfterCall(calls, policy) });
    }),
  );
});
