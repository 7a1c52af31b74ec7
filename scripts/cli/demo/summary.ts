import { formatPrice } from "../../../shared/domain/money.ts";
import type { Verdict } from "../../../shared/domain/risk-result.ts";
import type { Report } from "../../sandbox/report.ts";
import { formatWindow } from "../../sandbox/parse-quota.ts";
import { byVerdict, largestFirst, retriesOf, sumOf } from "./count-outcomes.ts";
import type { ResultCounts, RowAccounts } from "./row-accounts.ts";

/** How long results took, in milliseconds. */
export interface LatencySummary {
  readonly average: number;
  readonly p50: number;
  readonly p99: number;
}

/** What the whole run came to. */
export interface DemoSummary {
  readonly scenario: string;
  readonly seed: number;
  readonly replicas: number;
  readonly rows: number;
  readonly published: number;
  readonly results: {
    readonly total: number;
    readonly byVerdict: Readonly<Record<Verdict, number>>;
    readonly bySource: ResultCounts;
  };
  readonly deadLetters: {
    readonly total: number;
    readonly byReason: Readonly<Partial<Record<string, number>>>;
  };
  /** Published, and neither a result nor a dead letter. */
  readonly unaccounted: { readonly total: number; readonly first: readonly string[] };
  /** Of those, as many wait in queues; null where the broker does not tell. */
  readonly queued: number | null;
  readonly deliveredAgain: number;
  readonly calls: number;
  readonly retries: number;
  /** By the gateway's own clock; null without a quota. */
  readonly busiestSecond: { readonly calls: number; readonly quota: number } | null;
  readonly quota: string;
  readonly cost: { readonly value: string; readonly currency: "CNY" };
  /** From publishing to the result; null where there was none. */
  readonly latencyMs: {
    readonly all: LatencySummary | null;
    readonly withoutCall: LatencySummary | null;
  };
  readonly seconds: number;
  /** Every row was published and has its outcome. */
  readonly isComplete: boolean;
}

export interface SummaryFacts {
  readonly flags: Pick<DemoSummary, "scenario" | "seed" | "replicas" | "rows">;
  readonly accounts: RowAccounts;
  readonly gateway: Report;
  readonly queued: number | undefined;
  /** In ten-thousandths of a yuan. */
  readonly callPrice: number;
  readonly seconds: number;
}

const MOST_NAMED = 10;

/** Adds up what is known at the end. */
export function summarise({
  flags,
  accounts,
  gateway,
  queued,
  callPrice,
  seconds,
}: SummaryFacts): DemoSummary {
  const { published, results, deadLetters, repeated } = accounts.balance();
  const { called, withoutCall } = accounts.latenciesMs();
  const unsettled = [...accounts.unsettled()];
  const second = gateway.quota.find(({ windowMs }) => windowMs === 1_000);
  return {
    ...flags,
    published,
    results: { total: sumOf(byVerdict(results)), byVerdict: byVerdict(results), bySource: results },
    deadLetters: { total: sumOf(deadLetters), byReason: largestFirst(deadLetters) },
    unaccounted: { total: unsettled.length, first: unsettled.slice(0, MOST_NAMED) },
    queued: queued ?? null,
    deliveredAgain: repeated,
    calls: gateway.calls.wellSigned,
    retries: retriesOf(gateway),
    busiestSecond: second === undefined ? null : { calls: second.busiest, quota: second.calls },
    quota: gateway.quota.map(formatWindow).join(","),
    cost: { value: formatPrice(gateway.calls.wellSigned * callPrice), currency: "CNY" },
    latencyMs: { all: latencyOf([...called, ...withoutCall]), withoutCall: latencyOf(withoutCall) },
    seconds: Math.round(seconds * 10) / 10,
    isComplete: published === flags.rows && unsettled.length === 0,
  };
}

/** Nearest rank: a value that really occurred. */
function latencyOf(latenciesMs: readonly number[]): LatencySummary | null {
  if (latenciesMs.length === 0) return null;
  const sorted = Float64Array.from(latenciesMs).toSorted();
  const rank = (share: number): number => rounded(sorted[Math.ceil(share * sorted.length) - 1] ?? NaN);
  const average = rounded(sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length);
  return { average, p50: rank(0.5), p99: rank(0.99) };
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;
