import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QuotaMeter } from "../../../scripts/sandbox/quota-meter.ts";

/** Calls inside the window that ends with the nth call, counted one by one. */
const callsInWindow = (times: readonly number[], nth: number, windowMs: number): number =>
  times.slice(0, nth + 1).filter((time) => time > (times[nth] ?? NaN) - windowMs).length;

describe("QuotaMeter", () => {
  const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 400 })), {
    maxLength: 300,
  });
  const windows = fc.array(
    fc.record({ calls: fc.integer({ min: 1, max: 30 }), windowMs: fc.integer({ min: 1, max: 1_000 }) }),
    { maxLength: 3 },
  );
  const shares = fc.constantFrom(1, 0.5, 1 / 3);

  it("agrees with counting one by one, for every call and at the end", () => {
    fc.assert(
      fc.property(gaps, windows, shares, (gapsMs, quota, share) => {
        let nowMs = 0;
        const times = gapsMs.map((gapMs) => (nowMs += gapMs));
        const meter = new QuotaMeter(quota);
        const limitOf = (calls: number): number =>
          share < 1 ? Math.max(1, Math.floor(calls * share)) : calls;

        const verdicts = times.map((time) => meter.count(time, share));

        expect(verdicts).toEqual(
          times.map((_, nth) =>
            quota.every(({ calls, windowMs }) => callsInWindow(times, nth, windowMs) <= limitOf(calls)),
          ),
        );
        expect(meter.peaks()).toEqual(
          quota.map((window) => ({
            ...window,
            busiest: Math.max(0, ...times.map((_, nth) => callsInWindow(times, nth, window.windowMs))),
          })),
        );
      }),
    );
  });

  it("keeps count when the ring of arrival times has to grow", () => {
    const meter = new QuotaMeter([
      { calls: 5_000, windowMs: 1_000 },
      { calls: 9, windowMs: 1 },
    ]);
    // 700 calls leave the window before the burst: the ring is full in the middle when it grows.
    for (let call = 0; call < 700; call += 1) meter.count(call / 10);
    const verdicts = Array.from({ length: 5_001 }, () => meter.count(2_000));

    expect(verdicts.lastIndexOf(true)).toBe(8);
    expect(meter.peaks().map(({ busiest }) => busiest)).toEqual([5_001, 5_001]);
  });

  it.each([
    { afterMs: 999.999, expected: false },
    { afterMs: 1_000, expected: true },
  ])("a window of a second is over after $afterMs ms: $expected", ({ afterMs, expected }) => {
    const meter = new QuotaMeter([{ calls: 1, windowMs: 1_000 }]);
    meter.count(5);
    expect(meter.count(5 + afterMs)).toBe(expected);
  });

  it("tells how many calls are in the first window at a moment without a call", () => {
    const meter = new QuotaMeter([{ calls: 10, windowMs: 100 }]);
    [0, 50, 60].forEach((time) => meter.count(time));
    expect([60, 100, 155, 1_000].map((time) => meter.current(time))).toEqual([3, 2, 1, 0]);
  });
});
