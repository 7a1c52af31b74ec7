import { expect, it } from "vitest";
import { formatWindow, parseQuota } from "../../../scripts/sandbox/parse-quota.ts";

it.each([
  [
    "20/1s,50000/1h",
    [
      { calls: 20, windowMs: 1_000 },
      { calls: 50_000, windowMs: 3_600_000 },
    ],
  ],
  ["600/1m", [{ calls: 600, windowMs: 60_000 }]],
  ["5/2d", [{ calls: 5, windowMs: 172_800_000 }]],
])("%s is read and written", (text, windows) => {
  expect(parseQuota(text)).toEqual(windows);
  expect(windows.map(formatWindow).join(",")).toBe(text);
});

it("none is no window", () => {
  expect(parseQuota("none")).toEqual([]);
});

it.each(["", "20", "20/1", "20/s", "0/1s", "20/0s", "-1/1s", "1.5/1s", "20/1s,", "20/1w", "1e3/1s"])(
  "%j is no quota",
  (text) => {
    expect(parseQuota(text)).toBeUndefined();
  },
);
