import { expect, it } from "vitest";
import { parseRetryAfter } from "../../../shared/alipay/retry-after.ts";

const answeredAtMs = Date.parse("Mon, 23 Nov 2026 00:00:00 GMT");

it.each([
  ["2", 2_000],
  ["0", 0],
  ["3600", 3_600_000],
  ["86400", 3_600_000],
  ["999999999999", 3_600_000],
  ["Mon, 23 Nov 2026 00:00:05 GMT", 5_000],
  ["Tue, 24 Nov 2026 00:00:00 GMT", 3_600_000],
  ["Sun, 22 Nov 2026 23:59:59 GMT", undefined],
  ["-1", undefined],
  ["soon", undefined],
  ["", undefined],
  ["1000000000000", 3_600_000],
  ["9".repeat(400), 3_600_000], // too large for a number
  ["1.5", undefined],
  [undefined, undefined],
])("Retry-After: %s is %s ms", (value, expected) => {
  expect(parseRetryAfter(value, answeredAtMs)).toBe(expected);
});
