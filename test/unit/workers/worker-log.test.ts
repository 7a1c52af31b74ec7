import { expect, it, onTestFinished, vi } from "vitest";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import { createLogger } from "../../../shared/process/logger.ts";
import { createMetrics } from "../../../shared/process/metrics.ts";
import type { NotedFailure } from "../../../workers/risk-detection/failure-book.ts";
import { ReplicaHealth } from "../../../workers/risk-detection/replica-health.ts";
import { createWorkerLog } from "../../../workers/risk-detection/worker-log.ts";
import { sampleResult } from "../../support/sample-result.ts";

const DELIVERY: Delivery = {
  body: Buffer.from("abc"),
  lane: "urgent",
  originalLane: "urgent",
  deliveryCount: 0,
  calls: 0,
  replays: undefined,
  correlationId: undefined,
};
const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

function workerLog() {
  const lines: unknown[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const { metrics, page } = createMetrics();
  const health = new ReplicaHealth(1);
  const failures: NotedFailure[] = [];
  const observers = createWorkerLog({
    log: createLogger({ level: "info", worker: "w1", destination }),
    metrics,
    health,
    failures: { note: (failure) => failures.push(failure) },
    callPrice: 200,
    budgets: { day: 10_000, month: undefined },
  });
  const metric = async (name: string): Promise<string[]> =>
    (await page.render()).split("\n").filter((line) => line.startsWith(name));
  return { observers, lines, health, failures, metric };
}

it.each([
  { observe: "onFault", event: "handler-failed", kind: "handler" },
  { observe: "onHeld", event: "publishing-failed", kind: "publishing" },
] as const)("$event says which delivery, by lane and digest, and why", async ({ observe, event, kind }) => {
  const { observers, lines, metric } = workerLog();
  observers.consumer[observe]?.(DELIVERY, new Error("broken"), 1_000);
  expect(lines).toMatchObject([
    {
      level: "error",
      event,
      lane: "urgent",
      bodySha256: SHA256_OF_ABC,
      error: { message: "broken" },
      retryInMs: 1_000,
    },
  ]);
  expect(await metric("riskline_faults_total")).toContain(`riskline_faults_total{kind="${kind}"} 1`);
});

it("tells of workers that died of a message, by its digest", () => {
  const { observers, lines } = workerLog();
  observers.suspects.onDeaths(DELIVERY, 2);
  expect(lines).toMatchObject([
    { level: "error", event: "workers-died-of", lane: "urgent", bodySha256: SHA256_OF_ABC, deaths: 2 },
  ]);
});

it("tells of a publisher's channel that died", () => {
  const { observers, lines } = workerLog();
  observers.publisher.onChannelLost(new Error("PRECONDITION_FAILED"), 50);
  expect(lines).toMatchObject([
    {
      level: "warn",
      event: "publisher-channel-lost",
      error: { message: "PRECONDITION_FAILED" },
      retryInMs: 50,
    },
  ]);
});

it("notes what went wrong for whoever looks at the status, and nothing else", () => {
  const { observers, failures } = workerLog();
  const deadLetter = {
    reason: "rejected",
    detail: "the gateway refuses the amount",
    code: "40004 INVALID_PARAMETER",
    attempts: 1,
    replays: 0,
    failedAt: "2026-11-23T08:00:00.412+08:00",
    worker: "w1",
  } as const;
  const result = sampleResult();
  const completion = { action: "complete", result, rail: "alipay", merchantId: undefined } as const;
  observers.consumer.onSettled?.(DELIVERY, completion, 5);
  observers.calls.onCall({ code: "10000", latencyMs: 80 });
  expect(failures).toEqual([]);
  observers.consumer.onSettled?.(DELIVERY, { action: "dead-letter", deadLetter, transactionId: "T1" }, 5);
  observers.calls.onCall({ code: "http-502", latencyMs: 80 });
  observers.calls.onHeld({ kind: "banned", cause: "40006", remainingMs: 1 });
  observers.consumer.onFault?.(DELIVERY, new TypeError("broken"), 1_000);
  const { reason, detail, code } = deadLetter;
  expect(failures).toEqual([
    { event: "dead-letter", reason, detail, code, transactionId: "T1" },
    { event: "call-failed", code: "http-502" },
    { event: "calls-held", reason: "banned", code: "40006" },
    { event: "handler-failed", code: "TypeError", detail: "broken" },
  ]);
});

it("counts every stale permit, and says it once for a while", async () => {
  const { observers, lines, metric } = workerLog();
  for (let permit = 0; permit < 3; permit++) observers.calls.onStale();
  expect(lines).toMatchObject([
    { level: "warn", event: "permits-stale", warning: expect.stringContaining("too slowly") },
  ]);
  expect(await metric("riskline_permits_stale_total")).toEqual(["riskline_permits_stale_total 3"]);
});

it("counts every failure of Redis, says it once, is unready meanwhile, and says when it is back", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { observers, lines, health, metric } = workerLog();
  observers.consumer.onSubscribed?.("risk.transactions.standard");
  for (let failure = 0; failure < 3; failure++) observers.redis.onTrouble(new Error("timed out"));
  observers.redis.onAnswer();
  expect(health.readiness().ready).toBe(false);
  vi.advanceTimersByTime(3_500);
  observers.redis.onAnswer();
  observers.redis.onAnswer();
  expect(health.readiness().ready).toBe(true);
  expect(lines).toMatchObject([
    { event: "subscribed" },
    { level: "error", event: "redis-away", error: { message: "timed out" } },
    { level: "info", event: "redis-ready" },
  ]);
  expect(await metric("riskline_redis_failures_total")).toEqual(["riskline_redis_failures_total 3"]);
});

it("takes what Redis holds that is none of ours for a fault, says it once for a while, and stays ready", async () => {
  const { observers, lines, health, metric } = workerLog();
  observers.consumer.onSubscribed?.("risk.transactions.standard");
  const foreign = new Error("WRONGTYPE Operation against a key");
  for (let look = 0; look < 3; look++) observers.redis.onTrouble(foreign);
  expect(lines).toMatchObject([
    { event: "subscribed" },
    { event: "redis-ready" },
    { level: "error", event: "redis-unreadable" },
  ]);
  expect(await metric('riskline_faults_total{kind="redis"')).toEqual([
    'riskline_faults_total{kind="redis"} 3',
  ]);
  expect(health.readiness().ready).toBe(true);
});

it("is unready while a queue is not consumed", () => {
  const { observers, lines, health } = workerLog();
  observers.redis.onAnswer();
  observers.consumer.onSubscribed?.("q");
  observers.consumer.onSubscriptionLost?.("q", new Error("channel closed"), 50);
  expect(health.readiness().ready).toBe(false);
  expect(lines.at(-1)).toMatchObject({
    level: "warn",
    event: "subscription-lost",
    queue: "q",
    error: { message: "channel closed" },
  });
});

it("counts what calls cost", async () => {
  const { observers, metric } = workerLog();
  observers.calls.onCall({ code: "10000", latencyMs: 80 });
  observers.calls.onCall({ code: "timeout", latencyMs: 3_000 });
  expect(await metric("riskline_spend_cny_total")).toEqual(["riskline_spend_cny_total 0.04"]);
});

it("is loud about a hold, and shows it until it is over", async () => {
  const { observers, lines, metric } = workerLog();
  observers.calls.onHeld({ kind: "banned", cause: "40006 isv.app-api-punished", remainingMs: 86_399_999.6 });
  expect(await metric("riskline_holds")).toContain('riskline_holds{kind="banned"} 1');
  observers.calls.onReleased("banned");
  expect(await metric("riskline_holds")).toContain('riskline_holds{kind="banned"} 0');
  expect(lines).toMatchObject([
    {
      level: "error",
      event: "calls-held",
      hold: "banned",
      cause: "40006 isv.app-api-punished",
      waitMs: 86_400_000,
    },
    { level: "info", event: "calls-released", hold: "banned" },
  ]);
});

it.each([
  {
    event: { kind: "disconnected", connection: "c", problem: "ECONNRESET", retryInMs: 50 },
    line: { level: "error", event: "broker-away", connection: "c", problem: "ECONNRESET", retryInMs: 50 },
    shown: [],
  },
  {
    event: { kind: "blocked", connection: "c", reason: "low on memory" },
    line: { level: "error", event: "broker-blocked", cause: "low on memory" },
    shown: ['connected{connection="publisher"} 1', 'blocked{connection="publisher"} 1'],
  },
  {
    event: { kind: "unblocked", connection: "c" },
    line: { level: "info", event: "broker-unblocked" },
    shown: ['connected{connection="publisher"} 1'],
  },
] as const)("logs and shows a connection that is $event.kind", async ({ event, line, shown }) => {
  const { observers, lines, metric } = workerLog();
  observers.connection("publisher", { kind: "connected", connection: "c", broker: "RabbitMQ 4.0.5" });
  observers.connection("publisher", event);
  expect(lines).toMatchObject([{ level: "info", event: "broker-connected" }, line]);
  const series = (await metric("riskline_broker_")).filter((text) => !text.endsWith(" 0"));
  expect(series).toEqual(shown.map((text) => `riskline_broker_${text}`));
});

it("says once a day that a budget is nearly spent, and always how far", async () => {
  const { observers, lines, metric } = workerLog();
  const at = (instant: string, day: number) =>
    observers.spending.onSpent({ day, month: day, nowMs: Date.parse(instant) });
  at("2026-11-23T10:00:00+08:00", 7_900);
  expect(lines).toEqual([]);
  at("2026-11-23T10:00:01+08:00", 8_000);
  at("2026-11-23T10:00:02+08:00", 8_200);
  expect(lines).toEqual([
    expect.objectContaining({
      level: "warn",
      event: "budget-nearly-spent",
      period: "day",
      spent: "0.80",
      budget: "1.00",
      until: "2026-11-24T00:00:00.000+08:00",
    }),
  ]);
  expect(await metric("riskline_budget_spent_cny")).toEqual(['riskline_budget_spent_cny{period="day"} 0.82']);
  expect(await metric("riskline_budget_cny")).toEqual(['riskline_budget_cny{period="day"} 1']);
  at("2026-11-24T10:00:00+08:00", 9_000);
  expect(lines).toHaveLength(2);
});

it("counts each result once, and what it saved where it needed no call", async () => {
  const { observers, metric } = workerLog();
  for (const source of ["alipay", "cache", "cache", "below-threshold", "fallback"] as const) {
    observers.spending.onFirstOutcome({ kind: "result", result: sampleResult({ source }) });
  }
  // The true score that follows the fallback is no further result.
  observers.spending.onFirstOutcome({
    kind: "result",
    result: sampleResult({ source: "alipay", revision: 2 }),
  });
  expect(await metric("riskline_results_total")).toEqual([
    'riskline_results_total{source="alipay"} 1',
    'riskline_results_total{source="cache"} 2',
    'riskline_results_total{source="below-threshold"} 1',
    'riskline_results_total{source="fallback"} 1',
  ]);
  expect(await metric("riskline_saved_cny_total")).toEqual([
    'riskline_saved_cny_total{source="cache"} 0.04',
    'riskline_saved_cny_total{source="below-threshold"} 0.02',
  ]);
});
