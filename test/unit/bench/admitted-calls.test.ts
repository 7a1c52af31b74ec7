import { expect, it } from "vitest";
import { admittedCalls } from "../../bench/quota/admitted-calls.ts";

const SECOND = { calls: 10, windowMs: 1_000 };
const MINUTE = { calls: 30, windowMs: 60_000 };
const HOUR = { calls: 45, windowMs: 3_600_000 };

it.each([
  {
    what: "one each step, both ends included",
    quota: [SECOND],
    earlier: [],
    fromMs: 0,
    toMs: 1_000,
    admitted: 11,
  },
  {
    what: "a step after the last one at the earliest",
    quota: [SECOND],
    earlier: [950],
    fromMs: 1_000,
    toMs: 1_100,
    admitted: 1,
  },
  {
    what: "none while the window is full",
    quota: [SECOND],
    earlier: Array.from({ length: 10 }, () => 900),
    fromMs: 1_000,
    toMs: 1_899,
    admitted: 0,
  },
  {
    what: "a minute's window ends the seconds'",
    quota: [SECOND, MINUTE],
    earlier: [],
    fromMs: 0,
    toMs: 59_999,
    admitted: 30,
  },
  { what: "it begins again", quota: [SECOND, MINUTE], earlier: [], fromMs: 0, toMs: 60_000, admitted: 31 },
  {
    what: "an hour's window ends both",
    quota: [SECOND, MINUTE, HOUR],
    earlier: [],
    fromMs: 0,
    toMs: 600_000,
    admitted: 45,
  },
])("$what: $admitted", ({ quota, earlier, fromMs, toMs, admitted }) => {
  expect(admittedCalls(quota, earlier, fromMs, toMs)).toBe(admitted);
});
