import { RowAccounts } from "../../../../scripts/cli/demo/row-accounts.ts";
import type { Report } from "../../../../scripts/sandbox/report.ts";
import { sampleResult } from "../../../support/sample-result.ts";

/** What a gateway might have seen. */
export const REPORT: Report = {
  startedAt: "2026-11-23T00:00:00.000Z",
  reportedAt: "2026-11-23T00:00:30.000Z",
  scenario: "hiccups",
  calls: { arrived: 1_530, wellSigned: 1_523, firstAt: null, lastAt: null },
  answers: {},
  refusals: {},
  quota: [
    { calls: 50, windowMs: 1_000, busiest: 49, isExceeded: false },
    { calls: 50_000, windowMs: 3_600_000, busiest: 1_523, isExceeded: false },
  ],
  ban: { strikes: 0, isBanned: false },
  invalidSignatures: 0,
  nonceReuses: 0,
  timestampSkewMs: null,
  transactions: {
    distinct: 1_501,
    unnamedCalls: 0,
    maxCalls: 2,
    histogram: {},
    repeated: { total: 22, most: [] },
  },
};

/** Four rows: scored after 5 s, from the cache after 8 ms, malformed, and one without an outcome. */
export function accountsOfFour(): RowAccounts {
  const accounts = new RowAccounts();
  for (const id of ["A", "B", "C", "D"]) {
    accounts.sent(Buffer.from(id), id, 0);
    accounts.confirmed(Buffer.from(id));
  }
  accounts.result(sampleResult({ transactionId: "A", verdict: "decline" }), 5_000);
  accounts.result(sampleResult({ transactionId: "B", verdict: "approve", source: "cache", attempts: 0 }), 8);
  accounts.deadLetter(Buffer.from("C"), "malformed");
  return accounts;
}
