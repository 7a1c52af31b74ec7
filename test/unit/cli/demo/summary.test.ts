import { expect, it } from "vitest";
import { formatSummary } from "../../../../scripts/cli/demo/format-summary.ts";
import { RowAccounts } from "../../../../scripts/cli/demo/row-accounts.ts";
import { summarise, type SummaryFacts } from "../../../../scripts/cli/demo/summary.ts";
import { sampleResult } from "../../../support/sample-result.ts";
import { accountsOfFour, REPORT } from "./demo-run.ts";

const summaryOf = (changes: Partial<SummaryFacts> = {}) =>
  summarise({
    flags: { scenario: "hiccups", seed: 1, replicas: 2, rows: 4 },
    accounts: accountsOfFour(),
    gateway: REPORT,
    queued: 1,
    callPrice: 200,
    seconds: 29.96,
    ...changes,
  });

it("adds up, and names the row that is missing", () => {
  expect(summaryOf()).toEqual({
    scenario: "hiccups",
    seed: 1,
    replicas: 2,
    rows: 4,
    published: 4,
    results: {
      total: 2,
      byVerdict: { approve: 1, review: 0, decline: 1 },
      bySource: { alipay: { decline: 1 }, cache: { approve: 1 } },
    },
    deadLetters: { total: 1, byReason: { malformed: 1 } },
    unaccounted: { total: 1, first: ["D"] },
    queued: 1,
    deliveredAgain: 0,
    calls: 1_523,
    retries: 22,
    busiestSecond: { calls: 49, quota: 50 },
    quota: "50/1s,50000/1h",
    cost: { value: "30.46", currency: "CNY" },
    latencyMs: {
      all: { average: 2_504, p50: 8, p99: 5_000 },
      withoutCall: { average: 8, p50: 8, p99: 8 },
    },
    seconds: 30,
    isComplete: false,
  });
});

it("is complete once every row was published and has its outcome", () => {
  const accounts = accountsOfFour();
  accounts.result(sampleResult({ transactionId: "D" }), 100);
  expect(summaryOf({ accounts }).isComplete).toBe(true);
  expect(summaryOf({ accounts, flags: { ...summaryOf(), rows: 5 } }).isComplete).toBe(false);
});

it("has no latency without a result, and no busiest second without a quota", () => {
  const summary = summaryOf({ accounts: new RowAccounts(), gateway: { ...REPORT, quota: [] } });
  expect(summary).toMatchObject({ latencyMs: { all: null, withoutCall: null }, busiestSecond: null });
});

it("has the most frequent reasons first, and those that are equal by name", () => {
  const accounts = new RowAccounts();
  const reasons = ["rejected", "expired", "malformed", "malformed"] as const;
  for (const [nth, reason] of reasons.entries()) {
    const body = Buffer.from(`${nth}`);
    accounts.sent(body, undefined, 0);
    accounts.confirmed(body);
    accounts.deadLetter(body, reason);
  }
  expect(formatSummary(summaryOf({ accounts }))).toContain("4: malformed 2, expired 1, rejected 1");
});

it("takes percentiles that occurred", () => {
  const accounts = new RowAccounts();
  for (let nth = 1; nth <= 100; nth++) {
    accounts.sent(Buffer.from(`${nth}`), `T${nth}`, 0);
    accounts.result(sampleResult({ transactionId: `T${nth}` }), nth);
  }
  expect(summaryOf({ accounts }).latencyMs.all).toEqual({ average: 50.5, p50: 50, p99: 99 });
});

it("is a table for a person", () => {
  expect(formatSummary(summaryOf())).toBe(
    `published         4 of 4 rows
scored            1: decline 1
from cache        1: approve 1
dead-lettered     1: malformed 1
unaccounted       1 (1 in queues): D
calls             1,523
retries           22
busiest second    49 calls of 50, by the gateway's clock
cost              30.46 CNY
latency           average 2.5 s, p50 8.0 ms, p99 5.0 s, from publishing to the result
  without a call  average 8.0 ms, p50 8.0 ms, p99 8.0 ms
took              30.0 s
`,
  );
});
