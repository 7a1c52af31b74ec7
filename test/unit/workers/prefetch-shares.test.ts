import fc from "fast-check";
import { expect, it } from "vitest";
import { prefetchShares } from "../../../workers/risk-detection/prefetch-shares.ts";

it.each([
  { total: 4, urgent: 1, standard: 1, replay: 1, waiting: 1 },
  { total: 7, urgent: 1, standard: 4, replay: 1, waiting: 1 },
  { total: 20, urgent: 5, standard: 10, replay: 1, waiting: 4 },
  { total: 250, urgent: 62, standard: 126, replay: 12, waiting: 50 },
  { total: 2_000, urgent: 500, standard: 1_000, replay: 100, waiting: 400 },
])("shares out $total", ({ total, ...expected }) => {
  expect(prefetchShares(total)).toEqual(expected);
});

it("gives each queue something, and all together exactly what there is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 2_000 }), (total) => {
      const shares = Object.values(prefetchShares(total));
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
      expect(shares.reduce((sum, share) => sum + share)).toBe(total);
    }),
  );
});
