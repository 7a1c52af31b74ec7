import { expect, it } from "vitest";
import { counted, profile, recorded } from "../../../scripts/plan/arrivals.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";

it("counts are spread evenly until the next row, the last one's over as long as the one before", () => {
  const arrivals = counted("a file", [
    { atMs: 5_000, count: 2 },
    { atMs: 6_000, count: 0 },
    { atMs: 7_000, count: 4 },
    { atMs: 11_000, count: 1 },
  ]);
  expect([...arrivals.times(createRandom(1))]).toEqual([250, 750, 2_500, 3_500, 4_500, 5_500, 8_000]);
  expect(arrivals.durationMs).toBe(10_000);
});

it("a single row comes at once", () => {
  const arrivals = counted("a file", [{ atMs: 5_000, count: 3 }]);
  expect([...arrivals.times(createRandom(1))]).toEqual([0, 0, 0]);
});

it("recorded moments count from the first one, in whatever order they were written", () => {
  const arrivals = recorded("a file", Float64Array.of(9_000, 4_000, 4_500));
  expect([...arrivals.times(createRandom(1))]).toEqual([0, 500, 5_000]);
  expect(arrivals.durationMs).toBe(5_000);
});

it.each([
  { days: 0.25, expected: 0 },
  { days: 0.5, expected: 400 },
  { days: 1, expected: 800 },
  { days: 2.5, expected: 2_000 },
])("a profile says how many come in $days days", ({ days, expected }) => {
  const arrivals = profile("100/1h@8-16", [{ count: 100, perMs: 3_600_000, fromHour: 8, toHour: 16 }]);
  expect(arrivals.expected(days * 86_400_000)).toBeCloseTo(expected);
});
