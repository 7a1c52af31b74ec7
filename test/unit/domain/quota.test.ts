import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatQuota, parseQuota } from "../../../shared/domain/quota.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("parseQuota reads", () => {
  it.each([
    { text: "20/1s", windows: [[20, SECOND]] },
    {
      text: "20/1s,50000/1h",
      windows: [
        [20, SECOND],
        [50_000, HOUR],
      ],
    },
    {
      text: "50000/1h,20/1s",
      windows: [
        [20, SECOND],
        [50_000, HOUR],
      ],
    },
    { text: "20/s", windows: [[20, SECOND]] },
    { text: " 7 / 90 s ", windows: [[7, 90 * SECOND]] },
    { text: "1/2m", windows: [[1, 2 * MINUTE]] },
    { text: "1/31d", windows: [[1, 31 * DAY]] },
    { text: "30/1m,20/60s", windows: [[20, MINUTE]] }, // the same window twice: the strictest
    { text: "20/60s,30/1m", windows: [[20, MINUTE]] },
    { text: "999999999999/1d", windows: [[999_999_999_999, DAY]] },
  ])("$text", ({ text, windows }) => {
    expect(parseQuota(text)).toEqual({
      ok: true,
      value: windows.map(([calls, windowMs]) => ({ calls, windowMs })),
    });
  });
});

describe("parseQuota refuses", () => {
  it.each([
    { text: "", problem: "is not calls/window" },
    { text: "20", problem: "is not calls/window" },
    { text: "20/", problem: "is not calls/window" },
    { text: "20/1", problem: "is not calls/window" },
    { text: "20/1w", problem: "is not calls/window" },
    { text: "20/1s,", problem: "is not calls/window" },
    { text: "-1/1s", problem: "is not calls/window" },
    { text: "1.5/1s", problem: "is not calls/window" },
    { text: "20/0.5s", problem: "is not calls/window" },
    { text: "0/1s", problem: "allows no call" },
    { text: "1/0s", problem: "a window lasts from 1s to 31d" },
    { text: "1/32d", problem: "a window lasts from 1s to 31d" },
    { text: "1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/8s,9/9s", problem: "at most 8 windows" },
  ])("$text", ({ text, problem }) => {
    expect(parseQuota(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  it("and names the item that is wrong", () => {
    expect(parseQuota("20/1s, 5x ")).toMatchObject({ problem: expect.stringContaining('"5x"') });
  });
});

it.each([
  { windowMs: SECOND, text: "1s" },
  { windowMs: 90 * SECOND, text: "90s" },
  { windowMs: MINUTE, text: "1m" },
  { windowMs: 90 * MINUTE, text: "90m" },
  { windowMs: HOUR, text: "1h" },
  { windowMs: 36 * HOUR, text: "36h" },
  { windowMs: DAY, text: "1d" },
])("writes a window of $windowMs ms as $text", ({ windowMs, text }) => {
  expect(formatQuota([{ calls: 7, windowMs }])).toBe(`7/${text}`);
});

const anyItem = fc.oneof(
  ...[
    { unit: "s", most: 999_999 },
    { unit: "m", most: 44_640 },
    { unit: "h", most: 744 },
    { unit: "d", most: 31 },
  ].map(({ unit, most }) =>
    fc
      .tuple(fc.integer({ min: 1, max: 999_999_999_999 }), fc.integer({ min: 1, max: most }))
      .map(([calls, count]) => `${calls}/${count}${unit}`),
  ),
);

it("reads back what it writes", () => {
  fc.assert(
    fc.property(fc.array(anyItem, { minLength: 1, maxLength: 8 }), (items) => {
      const quota = parseQuota(items.join(","));
      if (!quota.ok) throw new Error(quota.problem);
      expect(parseQuota(formatQuota(quota.value))).toEqual(quota);
    }),
  );
});

it("puts the shortest window first, each window once", () => {
  fc.assert(
    fc.property(fc.array(anyItem, { minLength: 1, maxLength: 8 }), (items) => {
      const quota = parseQuota(items.join(","));
      if (!quota.ok) throw new Error(quota.problem);
      const lengths = quota.value.map(({ windowMs }) => windowMs);
      expect(lengths).toEqual([...new Set(lengths)].toSorted((a, b) => a - b));
    }),
  );
});
