import fc from "fast-check";
import { expect, it } from "vitest";
import { LeastLatency } from "../../../shared/alipay/least-latency.ts";

const MINUTE = 60_000;

/** Has seen enough answers to say something; all of them slow. */
function seasoned(): LeastLatency {
  const least = new LeastLatency();
  for (let answer = 1; answer < 20; answer++) least.observe(3_000, 0);
  return least;
}

it("gives nothing before twenty answers: all of them may have been slow on their way", () => {
  const least = new LeastLatency();
  const given = Array.from({ length: 20 }, () => least.observe(80, 0));
  expect(given).toEqual([...Array.from({ length: 19 }, () => 0), 80]);
});

it.each([
  { title: "the only one", seen: [[0, 80]], expected: 80 },
  {
    title: "a faster one",
    seen: [
      [0, 80],
      [1, 50],
    ],
    expected: 50,
  },
  {
    title: "an earlier, faster one",
    seen: [
      [0, 50],
      [1, 80],
    ],
    expected: 50,
  },
  {
    title: "one of just under five minutes ago",
    seen: [
      [0, 50],
      [5 * MINUTE - 1, 80],
    ],
    expected: 50,
  },
  {
    title: "one of the period before",
    seen: [
      [0, 90],
      [5 * MINUTE - 1, 50],
      [5 * MINUTE, 80],
      [10 * MINUTE - 1, 80],
    ],
    expected: 50,
  },
  {
    title: "not one of two periods before",
    seen: [
      [0, 50],
      [5 * MINUTE, 80],
      [10 * MINUTE, 90],
    ],
    expected: 80,
  },
])("gives $title", ({ seen, expected }) => {
  const least = seasoned();
  expect(seen.map(([atMs = 0, latencyMs = 0]) => least.observe(latencyMs, atMs)).at(-1)).toBe(expected);
});

it("never says more than the call at hand took, nor than any of the five minutes before", () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 3 * MINUTE }), fc.integer({ min: 1, max: 3_000 })),
  );
  fc.assert(
    fc.property(steps, (calls) => {
      const least = seasoned();
      const seen: { atMs: number; latencyMs: number }[] = [];
      let nowMs = 0;
      for (const [pauseMs, latencyMs] of calls) {
        nowMs += pauseMs;
        seen.push({ atMs: nowMs, latencyMs });
        const recent = seen.filter(({ atMs }) => atMs > nowMs - 5 * MINUTE);
        const most = Math.min(...recent.map((call) => call.latencyMs));
        expect(least.observe(latencyMs, nowMs)).toBeLessThanOrEqual(most);
      }
    }),
  );
});
