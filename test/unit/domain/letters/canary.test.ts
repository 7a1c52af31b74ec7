import { describe, expect, it } from "vitest";
import { batchSize, isInVain } from "../../../../shared/domain/letters/canary.ts";
import { CallBudget } from "../../../../shared/domain/letters/call-budget.ts";

describe("batches", () => {
  it("grow from one", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 99].map(batchSize)).toEqual([1, 2, 5, 20, 100, 250, 500, 500]);
  });

  it.each([
    { batch: 0, answered: 1, fallbacks: 0, failed: 0, expected: false },
    { batch: 0, answered: 0, fallbacks: 0, failed: 1, expected: true },
    { batch: 0, answered: 0, fallbacks: 1, failed: 0, expected: true },
    { batch: 0, answered: 0, fallbacks: 0, failed: 0, expected: false },
    { batch: 2, answered: 1, fallbacks: 2, failed: 2, expected: false },
    { batch: 2, answered: 0, fallbacks: 2, failed: 3, expected: true },
    { batch: 3, answered: 10, fallbacks: 5, failed: 5, expected: false },
    { batch: 3, answered: 9, fallbacks: 11, failed: 0, expected: true },
    { batch: 3, answered: 9, fallbacks: 0, failed: 11, expected: true },
  ])(
    "batch $batch with $answered answered, $fallbacks fallbacks and $failed failed is in vain: $expected",
    ({ batch, expected, ...outcome }) => {
      expect(isInVain(batch, outcome)).toBe(expected);
    },
  );
});

describe("a share of the quota", () => {
  it("admits its burst, and then its rate", () => {
    const budget = new CallBudget(2, 4, 0);
    expect(budget.take(4, 0)).toBe(0);
    expect(budget.take(1, 0)).toBe(500);
    expect(budget.take(1, 499)).toBeGreaterThan(0);
    expect(budget.take(1, 500)).toBe(0);
  });

  it("takes back what was not needed, and no more than its burst", () => {
    const budget = new CallBudget(2, 4, 0);
    budget.take(4, 0);
    budget.giveBack(3);
    expect(budget.take(3, 0)).toBe(0);
    budget.giveBack(100);
    expect(budget.take(4, 0)).toBe(0);
    expect(budget.take(4, 0)).toBe(2_000);
  });

  it("never causes more than its rate and one burst, however calls end", () => {
    const budget = new CallBudget(10, 10, 0);
    let calls = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
      // Each letter may cost four calls and costs two.
      if (budget.take(4, nowMs) > 0) continue;
      calls += 2;
      budget.giveBack(2);
    }
    expect(calls).toBeLessThanOrEqual(110);
    expect(calls).toBeGreaterThan(95);
  });

  it("follows a quota that changes", () => {
    const budget = new CallBudget(1, 4, 0);
    budget.take(4, 0);
    budget.setRate(100, 0);
    expect(budget.take(1, 10)).toBe(0);
  });
});
