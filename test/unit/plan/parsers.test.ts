import { describe, expect, it } from "vitest";
import { parseArrivals } from "../../../scripts/plan/parse-arrivals.ts";
import { parseDuration } from "../../../scripts/plan/parse-duration.ts";
import { parseLatency } from "../../../scripts/plan/parse-latency.ts";
import { parseShare } from "../../../scripts/plan/parse-share.ts";
import { drawLatencyMs } from "../../../scripts/sandbox/latency.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import type { Parsed } from "../../../shared/domain/parsed.ts";

function valueOf<T>(read: Parsed<T>): T {
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

describe("parseDuration", () => {
  it.each([
    ["80ms", 80],
    ["5s", 5_000],
    ["1.5h", 5_400_000],
    [" 2 m ", 120_000],
    ["366d", 366 * 86_400_000],
  ])("%s", (text, ms) => expect(parseDuration(text)).toEqual({ ok: true, value: ms }));

  it.each(["", "80", "h", "-1s", "1w", "367d", "1e3s"])("refuses %j", (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });
});

describe("parseShare", () => {
  it.each([
    ["1%", 0.01],
    ["0.5 %", 0.005],
    ["0.25", 0.25],
    ["100%", 1],
    ["0", 0],
  ])("%s", (text, share) => expect(parseShare(text)).toEqual({ ok: true, value: share }));

  it.each(["", "101%", "2", "-1%", "one", "%"])("refuses %j", (text) => {
    expect(parseShare(text).ok).toBe(false);
  });
});

describe("parseLatency", () => {
  it("takes one time for the median, shaped like the calm sandbox's", () => {
    expect(valueOf(parseLatency("148ms"))).toEqual({ leastMs: 90, medianMs: 148, spread: 0.6 });
  });

  it.each(["45..300ms", "45 .. 300 ms"])("takes %s for the least and the 99th percentile", (text) => {
    const latency = valueOf(parseLatency(text));
    const random = createRandom(1);
    const drawn = Array.from({ length: 50_000 }, () => drawLatencyMs(latency, random)).toSorted(
      (a, b) => a - b,
    );
    expect(drawn[0]).toBeGreaterThanOrEqual(45);
    expect(Math.abs((drawn[49_500] ?? 0) - 300)).toBeLessThan(10);
  });

  it("is exact where both are the same", () => {
    expect(drawLatencyMs(valueOf(parseLatency("80..80ms")), createRandom(1))).toBe(80);
  });

  it.each(["", "80", "300..45ms", "45..300", "..300ms", "fast"])("refuses %j", (text) => {
    expect(parseLatency(text).ok).toBe(false);
  });
});

describe("parseArrivals", () => {
  /** Arrivals by hour of the first day. */
  function hours(text: string): number[] {
    const counts = Array.from({ length: 24 }, () => 0);
    for (const atMs of valueOf(parseArrivals(text)).times(createRandom(1))) {
      if (atMs >= 24 * 3_600_000) return counts;
      const hour = Math.floor(atMs / 3_600_000);
      counts[hour] = (counts[hour] ?? 0) + 1;
    }
    return counts;
  }

  it.each([
    ["3600/1h", 3_600, 3_600],
    ["1/1s", 3_600, 3_600],
    ["1/s", 3_600, 3_600],
    ["86400/d", 3_600, 3_600],
    ["900/1h@0-8,7200/1h@8-22,1800/1h@22-24", 900, 7_200],
    ["7200/1h@8-22", 0, 7_200],
  ])("%s", (text, atFive, atNoon) => {
    const counts = hours(text);
    expect(Math.abs((counts[5] ?? 0) - atFive)).toBeLessThanOrEqual(4 * Math.sqrt(atFive));
    expect(Math.abs((counts[12] ?? 0) - atNoon)).toBeLessThanOrEqual(4 * Math.sqrt(atNoon));
  });

  it("begins each day anew", () => {
    const days = new Set<number>();
    for (const atMs of valueOf(parseArrivals("60/1h@23-24")).times(createRandom(1))) {
      if (atMs >= 3 * 86_400_000) break;
      expect((atMs / 3_600_000) % 24).toBeGreaterThanOrEqual(23);
      days.add(Math.floor(atMs / 86_400_000));
    }
    expect([...days]).toEqual([0, 1, 2]);
  });

  it("never goes back in time, and repeats itself with the same seed", () => {
    const first = (seed: number): number[] => {
      const times: number[] = [];
      for (const atMs of valueOf(parseArrivals("500/1h@1-2,20/1s@0-1")).times(createRandom(seed))) {
        if (times.push(atMs) === 80_000) break;
      }
      return times;
    };
    const times = first(1);
    expect(times.every((atMs, place) => atMs >= (times[place - 1] ?? 0))).toBe(true);
    expect(first(1)).toEqual(times);
    expect(first(2)).not.toEqual(times);
  });

  it.each([
    ["", "is not count/time"],
    ["50000", "is not count/time"],
    ["50000/0s", "is not count/time"],
    ["1/1h@8-25", "hours go up, from 0 to 24"],
    ["1/1h@22-6", "hours go up, from 0 to 24"],
    ["1/1h@0-9,1/1h@8-22", "the hours from 8 on are given twice"],
    ["1/1h,1/1h@8-22", "given twice"],
    ["0/1h", "nothing ever comes"],
  ])("refuses %j", (text, problem) => {
    expect(parseArrivals(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});
