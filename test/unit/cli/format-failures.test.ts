import { expect, it } from "vitest";
import { formatFailures } from "../../../scripts/cli/format-failures.ts";
import type { FailureSummary } from "../../../shared/redis/failure-list.ts";

const NOW_MS = 1_000_000;
const FAILURE: FailureSummary = {
  event: "dead-letter",
  reason: "malformed",
  detail: "amount.value must be at least 0.01 (CNY)",
  count: 1_234,
  atMs: NOW_MS - 12_000,
  firstAtMs: 0,
  worker: "w1",
};

it("says that there are none", () => {
  expect(formatFailures([], NOW_MS)).toBe("latest errors  none\n");
});

it("tells how often, how long ago, and what", () => {
  const failures = [
    FAILURE,
    { ...FAILURE, event: "call-failed", reason: undefined, detail: "", code: "http-502" },
  ];
  expect(formatFailures(failures, NOW_MS, 100)).toBe(
    `latest errors
dead-letter: malformed  1,234 ×, 12 s ago: amount.value must be at least 0.01 (CNY)
call-failed             1,234 ×, 12 s ago: http-502
`,
  );
});

it("names the transaction of the latest, and fits a phone", () => {
  const text = formatFailures([{ ...FAILURE, transactionId: "T202611230000001" }], NOW_MS, 40);
  expect(text).toContain("(T202611230000001)");
  expect(text.split("\n").filter((line) => line.length > 40)).toEqual([]);
});

it("shows the newest five, and how many more there are", () => {
  const lines = formatFailures(
    Array.from({ length: 8 }, () => FAILURE),
    NOW_MS,
    100,
  )
    .trimEnd()
    .split("\n");
  expect(lines).toHaveLength(7);
  expect(lines.at(-1)).toMatch(/^more +3 other sorts/);
});
