import { describe, expect, it } from "vitest";
import { parseArrivals } from "../../../scripts/plan/parse-arrivals.ts";
import type { PlanOptions } from "../../../scripts/plan/plan-options.ts";
import { reportPlan, type PlanReport } from "../../../scripts/plan/plan-report.ts";
import { simulate } from "../../../scripts/plan/simulate.ts";
import { fixedLatency } from "../../../scripts/sandbox/latency.ts";
import { quotaOf } from "../../support/quota-of.ts";

const HOUR = 3_600_000;

const GATEWAY: PlanOptions["gateway"] = {
  realQuota: undefined,
  banAfter: 20,
  latency: fixedLatency(80),
  failures: 0,
  rejected: 0,
};

function plan(arrivals: string, quota: string, changes: Partial<PlanOptions> = {}): PlanReport {
  const read = parseArrivals(arrivals);
  if (!read.ok) throw new Error(read.problem);
  const options: PlanOptions = {
    arrivals: read.value,
    durationMs: HOUR,
    backlog: 0,
    quota: quotaOf(quota),
    gateway: GATEWAY,
    returning: 0,
    belowThreshold: 0,
    replicas: 2,
    handPerReplica: 126,
    retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 },
    timeoutMs: 3_000,
    strikesPerDay: 10,
    freezeMs: 24 * HOUR,
    seed: 1,
    ...changes,
  };
  return reportPlan(options, simulate(options), 200);
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

it("the same seed gives the same plan, another one another", () => {
  const gateway = { ...GATEWAY, failures: 0.05, latency: { leastMs: 45, medianMs: 74, spread: 0.6 } };
  const first = plan("10/1s", "20/1s", { gateway });
  expect(plan("10/1s", "20/1s", { gateway })).toEqual(first);
  expect(plan("10/1s", "20/1s", { gateway, seed: 2 })).not.toEqual(first);
});

it("below the quota nobody waits for long", () => {
  const report = plan("5/1s", "20/1s");
  expect(report.transactions.waiting).toBe(0);
  expect(report.calls).toMatchObject({ made: report.transactions.arrived, retries: 0, limitAnswers: 0 });
  expect(report.calls.cost.value).toBe((report.transactions.arrived * 0.02).toFixed(2));
  expect(report.latencyMs.p50).toBeLessThan(120);
  expect(report.backlog.goneAtMs).toBeNull();
});

it("a backlog is worked off at the quota's rate, by it and not by replicas", () => {
  const report = plan("1/1h", "20/1s", {
    backlog: 20_000,
    gateway: { ...GATEWAY, latency: fixedLatency(50) },
  });
  const [window] = report.windows;
  expect(window?.busiest).toBeLessThanOrEqual(20);
  // 50 ms of latency and 5 ms of margin belong to no call; the least latency seen takes the first off again.
  expect(report.backlog.goneAtMs ?? 0).toBeGreaterThan(1_000_000);
  expect(report.backlog.goneAtMs ?? 0).toBeLessThan(1_000_000 / 0.98);
  expect(report.backlog.most).toBeGreaterThan(19_900);
});

it("the series adds up to the totals", () => {
  const report = plan("10/1s", "8/1s", { gateway: { ...GATEWAY, failures: 0.1 } });
  const total = (valueOf: (step: PlanReport["series"][number]) => number): number =>
    report.series.reduce((sum, step) => sum + valueOf(step), 0);
  expect(total(({ arrived }) => arrived)).toBe(report.transactions.arrived);
  expect(total(({ settled }) => settled)).toBe(sumOf(report.transactions.endings));
  expect(total(({ calls }) => calls)).toBe(report.calls.made);
  expect(report.series.at(-1)?.backlog).toBe(0);
  expect(Math.max(...report.series.map(({ backlog }) => backlog))).toBeLessThanOrEqual(report.backlog.most);
});

describe("failures", () => {
  it("are retried after 5, 10 and 20 s, then dead letters", () => {
    const report = plan("1/1s", "20/1s", { gateway: { ...GATEWAY, failures: 1 } });
    expect(report.transactions.endings["attempts-exhausted"]).toBe(report.transactions.arrived);
    expect(report.calls.made).toBe(4 * report.transactions.arrived);
    expect(report.latencyMs.p50).toBeGreaterThanOrEqual(35_000);
    expect(report.latencyMs.p50).toBeLessThan(36_500);
  });

  it("are as often as was said", () => {
    const report = plan("10/1s", "20/1s", { gateway: { ...GATEWAY, failures: 0.1 } });
    expect(report.calls.made / report.transactions.arrived).toBeCloseTo(1 / 0.9, 1);
  });

  it("that are final cost one call", () => {
    const report = plan("1/1s", "20/1s", { gateway: { ...GATEWAY, rejected: 1 } });
    expect(report.transactions.endings.rejected).toBe(report.transactions.arrived);
    expect(report.calls.made).toBe(report.transactions.arrived);
  });

  it("a call that takes too long is one, and is under way until it is surely dead", () => {
    const gateway = { ...GATEWAY, latency: fixedLatency(5_000) };
    const report = plan("1/1s", "20/1s", { gateway, durationMs: 60_000 });
    expect(report.calls.timedOut).toBe(report.calls.made);
    expect(report.transactions.waiting).toBe(0);
    // Ten under way, each for 3.25 s.
    expect(report.calls.made / ((report.finishedAtMs ?? 0) / 1_000)).toBeLessThan(10 / 3.25);
  });
});

it("what needs no call makes none", () => {
  const report = plan("10/1s", "20/1s", { returning: 0.3, belowThreshold: 0.2 });
  const { arrived, endings } = report.transactions;
  expect(endings.cache / arrived).toBeCloseTo(0.3, 1);
  expect(endings["below-threshold"] / arrived).toBeCloseTo(0.2, 1);
  expect(report.calls.made).toBe(endings.scored);
});

describe("a gateway that allows less than it says", () => {
  const realQuota = { quota: quotaOf("6/1s"), fromMs: HOUR / 2 };

  it("is found out within the strikes, and used well", () => {
    const report = plan("15/1s", "20/1s", { gateway: { ...GATEWAY, realQuota } });
    expect(report.calls.limitAnswers).toBeGreaterThan(0);
    expect(report.strikes.most).toBeLessThanOrEqual(10);
    expect(report.bannedAtMs).toBeNull();
    expect(report.transactions.waiting).toBe(0);
    const after = report.series.filter(({ atMs }) => atMs > HOUR / 2 + 120_000 && atMs < HOUR);
    const seconds = ((after.at(-1)?.atMs ?? 0) - (after[0]?.atMs ?? 0)) / 1_000;
    const rate = after.slice(1).reduce((sum, { calls }) => sum + calls, 0) / seconds;
    expect(rate).toBeGreaterThan(5.4);
    expect(rate).toBeLessThan(6);
  });

  it("bans who does not heed it, and nobody calls for a day", () => {
    const gateway = { ...GATEWAY, realQuota, banAfter: 1 };
    const report = plan("15/1s", "20/1s", { gateway });
    const bannedAtMs = report.bannedAtMs ?? 0;
    expect(bannedAtMs).toBeGreaterThanOrEqual(HOUR / 2);
    const frozen = report.series.filter(
      ({ atMs }) => atMs > bannedAtMs + 60_000 && atMs < bannedAtMs + 23 * HOUR,
    );
    expect(frozen.length).toBeGreaterThan(20);
    expect(frozen.every(({ calls }) => calls === 0)).toBe(true);
  });

  it("what needs no call is answered all the while", () => {
    const gateway = { ...GATEWAY, realQuota: { quota: quotaOf("1/1h"), fromMs: 0 }, banAfter: 0 };
    const report = plan("5/1s", "20/1s", { gateway, returning: 0.5 });
    const { arrived, endings } = report.transactions;
    expect(endings.cache / arrived).toBeCloseTo(0.5, 1);
    const late = report.series.filter(({ atMs }) => atMs > 60_000 && atMs < HOUR);
    expect(late.every(({ settled }) => settled > 0)).toBe(true);
  });
});

it("says how many replicas are useful", () => {
  expect(plan("1/1s", "20/1s").usefulReplicas).toBe(1);
  const slow = { ...GATEWAY, latency: fixedLatency(1_000) };
  // 64 calls of a second each per replica.
  expect(plan("1/1s", "200/1s", { gateway: slow, strikesPerDay: 1_000 }).usefulReplicas).toBe(4);
});

it("more replicas than that change nothing", () => {
  const one = plan("1/1h", "50/1s", { backlog: 5_000, replicas: 1 });
  const eight = plan("1/1h", "50/1s", { backlog: 5_000, replicas: 8 });
  const [first, second] = [one.backlog.goneAtMs ?? 0, eight.backlog.goneAtMs ?? 0];
  expect(Math.abs(first - second) / first).toBeLessThan(0.03);
});
