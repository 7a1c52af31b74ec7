import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  riskResultSchema,
  VERDICTS,
  verdictOf,
  type VerdictLimits,
} from "../../../shared/domain/risk-result.ts";
import { sampleResult } from "../../support/sample-result.ts";

const LIMITS = { reviewAt: 0.5, declineAt: 0.8 };

it.each([
  { riskScore: 0, verdict: "approve" },
  { riskScore: 0.4999, verdict: "approve" },
  { riskScore: 0.5, verdict: "review" },
  { riskScore: 0.7999, verdict: "review" },
  { riskScore: 0.8, verdict: "decline" },
  { riskScore: 1, verdict: "decline" },
])("a score of $riskScore is $verdict", ({ riskScore, verdict }) => {
  expect(verdictOf(riskScore, LIMITS)).toBe(verdict);
});

const anyScore = fc.double({ min: 0, max: 1, noNaN: true });
const anyLimits: fc.Arbitrary<VerdictLimits> = fc
  .tuple(anyScore, anyScore)
  .map(([a, b]) => ({ reviewAt: Math.min(a, b), declineAt: Math.max(a, b) }));

it("never gives a higher score a milder verdict", () => {
  fc.assert(
    fc.property(anyScore, anyScore, anyLimits, (a, b, limits) => {
      const [lower, higher] = [Math.min(a, b), Math.max(a, b)].map((score) =>
        VERDICTS.indexOf(verdictOf(score, limits)),
      );
      expect(lower).toBeLessThanOrEqual(higher ?? -1);
    }),
  );
});

it("counts a limit itself to the stricter side, and review to nothing where the limits are one", () => {
  fc.assert(
    fc.property(anyLimits, ({ reviewAt, declineAt }) => {
      const limits = { reviewAt, declineAt };
      expect(verdictOf(declineAt, limits)).toBe("decline");
      expect(verdictOf(reviewAt, limits)).toBe(reviewAt === declineAt ? "decline" : "review");
    }),
  );
});

describe("a result", () => {
  it.each([
    { title: "the contract's example", changes: {} },
    { title: "without a score", changes: { riskScore: null, source: "below-threshold", traceId: null } },
    { title: "of another provider", changes: { source: "provider:acme" } },
    { title: "without metadata", changes: { metadata: undefined } },
    { title: "of a later version, with a field more", changes: { note: "hello" } },
  ])("is accepted: $title", ({ changes }) => {
    expect(riskResultSchema.safeParse({ ...sampleResult(), ...changes }).success).toBe(true);
  });

  it.each([
    { title: "a score above 1", changes: { riskScore: 1.01 } },
    { title: "a negative score", changes: { riskScore: -0.01 } },
    { title: "a score as text", changes: { riskScore: "0.62" } },
    { title: "an unknown verdict", changes: { verdict: "maybe" } },
    { title: "an unknown source", changes: { source: "guess" } },
    { title: "revision 0", changes: { revision: 0 } },
    { title: "half a call", changes: { attempts: 0.5 } },
    { title: "a cost in another currency", changes: { cost: { value: "1.00", currency: "USD" } } },
  ])("is refused: $title", ({ changes }) => {
    expect(riskResultSchema.safeParse({ ...sampleResult(), ...changes }).success).toBe(false);
  });
});
