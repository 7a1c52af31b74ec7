import { expect, it } from "vitest";
import { createMetrics } from "../../../shared/process/metrics.ts";

/** The lines about our own metrics, without explanations. */
async function seriesOf(render: () => Promise<string>, metric: string): Promise<string[]> {
  return (await render()).split("\n").filter((line) => line.startsWith(metric));
}

/** Those of them that are not 0. */
const countsOf = async (render: () => Promise<string>, metric: string): Promise<string[]> =>
  (await seriesOf(render, metric)).filter((line) => !line.endsWith(" 0"));

it("counts deliveries by outcome, source or reason, and lane", async () => {
  const { metrics, page } = createMetrics();
  metrics.deliverySettled({ outcome: "result", source: "alipay", lane: "urgent", ms: 412 });
  metrics.deliverySettled({ outcome: "result", source: "alipay", lane: "urgent", ms: 3 });
  metrics.deliverySettled({ outcome: "dead-letter", reason: "malformed", lane: "standard", ms: 1 });
  metrics.deliverySettled({ outcome: "wait", lane: "standard", ms: 60_000 });
  expect(await countsOf(page.render, "riskline_deliveries_total")).toEqual([
    'riskline_deliveries_total{outcome="result",lane="urgent",source="alipay"} 2',
    'riskline_deliveries_total{outcome="dead-letter",lane="standard",reason="malformed"} 1',
    'riskline_deliveries_total{outcome="wait",lane="standard"} 1',
  ]);
  expect(await seriesOf(page.render, "riskline_transaction_duration_seconds_sum")).toEqual([
    'riskline_transaction_duration_seconds_sum{outcome="result"} 0.415',
    'riskline_transaction_duration_seconds_sum{outcome="dead-letter"} 0.001',
    'riskline_transaction_duration_seconds_sum{outcome="wait"} 60',
  ]);
});

it("counts what was put off, and what it is worth, by currency", async () => {
  const { metrics, page } = createMetrics();
  const wait = { outcome: "wait", lane: "standard", ms: 1 } as const;
  metrics.deliverySettled({ ...wait, putOff: { currency: "CNY", value: 128.5 } });
  metrics.deliverySettled({ ...wait, putOff: { currency: "CNY", value: 1 } });
  metrics.deliverySettled({ ...wait, putOff: { currency: "USD", value: 20 } });
  metrics.deliverySettled(wait);
  expect(await seriesOf(page.render, "riskline_put_off")).toEqual([
    'riskline_put_off_total{currency="CNY"} 2',
    'riskline_put_off_total{currency="USD"} 1',
    'riskline_put_off_value_total{currency="CNY"} 129.5',
    'riskline_put_off_value_total{currency="USD"} 20',
  ]);
});

it("adds up no currencies with each other, however many there are", async () => {
  const { metrics, page } = createMetrics();
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const currencies = letters.flatMap((first) => [`${first}AA`, `${first}BB`]);
  for (const currency of currencies)
    metrics.deliverySettled({ outcome: "wait", lane: "standard", ms: 1, putOff: { currency, value: 1 } });
  const series = await seriesOf(page.render, "riskline_put_off_total");
  expect(series).toEqual(
    currencies.toSorted().map((currency) => `riskline_put_off_total{currency="${currency}"} 1`),
  );
});

it("records calls and waits in seconds", async () => {
  const { metrics, page } = createMetrics();
  metrics.callEnded({ code: "10000", latencyMs: 80 });
  metrics.callEnded({ code: "40005 isv.app-call-limited", latencyMs: 20 });
  metrics.permitWaited(1_500);
  expect(await seriesOf(page.render, "riskline_calls_total")).toEqual([
    'riskline_calls_total{code="10000"} 1',
    'riskline_calls_total{code="40005 isv.app-call-limited"} 1',
  ]);
  expect(await seriesOf(page.render, "riskline_gateway_latency_seconds_sum")).toEqual([
    "riskline_gateway_latency_seconds_sum 0.1",
  ]);
  expect(await seriesOf(page.render, "riskline_permit_wait_seconds_sum")).toEqual([
    "riskline_permit_wait_seconds_sum 1.5",
  ]);
});

it("adds up money exactly", async () => {
  const { metrics, page } = createMetrics();
  for (let call = 0; call < 1_000; call++) metrics.spent(7);
  await page.render();
  expect(await seriesOf(page.render, "riskline_spend_cny_total")).toEqual(["riskline_spend_cny_total 0.7"]);
});

it.each([
  { what: "deliveriesInHand", name: "riskline_in_flight_deliveries" },
  { what: "callsInFlight", name: "riskline_calls_in_flight" },
  { what: "callsWaiting", name: "riskline_calls_waiting" },
  { what: "isReady", name: "riskline_ready" },
  { what: "redisAnswers", name: "riskline_redis_up" },
] as const)("asks who knows: $name", async ({ what, name }) => {
  const { metrics, page } = createMetrics();
  expect(await seriesOf(page.render, name)).toEqual([`${name} 0`]);
  let count = 17;
  metrics.watch(what, () => count);
  expect(await seriesOf(page.render, name)).toEqual([`${name} 17`]);
  count = 3;
  expect(await seriesOf(page.render, name)).toEqual([`${name} 3`]);
});

it("shows the first of its kind as a rise: what can be expected is there from the start", async () => {
  const { metrics, page } = createMetrics();
  const deliveries = () => seriesOf(page.render, "riskline_deliveries_total");
  const before = await deliveries();
  expect(before).toContain(
    'riskline_deliveries_total{outcome="dead-letter",lane="standard",reason="rejected"} 0',
  );
  metrics.deliverySettled({ outcome: "dead-letter", reason: "rejected", lane: "standard", ms: 1 });
  expect(await deliveries()).toHaveLength(before.length);
});

it("shows the holds that this replica meets", async () => {
  const { metrics, page } = createMetrics();
  metrics.holdChanged("unreachable", true);
  metrics.holdChanged("clock-skew", true);
  metrics.holdChanged("clock-skew", false);
  expect(await seriesOf(page.render, "riskline_holds")).toEqual([
    'riskline_holds{kind="banned"} 0',
    'riskline_holds{kind="permission"} 0',
    'riskline_holds{kind="strikes"} 0',
    'riskline_holds{kind="operator"} 0',
    'riskline_holds{kind="clock-skew"} 0',
    'riskline_holds{kind="unreachable"} 1',
    'riskline_holds{kind="budget"} 0',
  ]);
});

it("shows the holds that the ledger keeps, and those that strikes make", async () => {
  const { metrics, page } = createMetrics();
  const ledger = { windows: [], strikes: 10, brakeRemainingMs: 0, replicas: [] };
  metrics.holdChanged("unreachable", true);
  metrics.ledgerSeen({ ...ledger, holds: [{ kind: "banned" }] }, 10);
  expect(await countsOf(page.render, "riskline_holds")).toEqual([
    'riskline_holds{kind="banned"} 1',
    'riskline_holds{kind="strikes"} 1',
    'riskline_holds{kind="unreachable"} 1',
  ]);
  metrics.ledgerSeen({ ...ledger, strikes: 9, holds: [] }, 10);
  expect(await countsOf(page.render, "riskline_holds")).toEqual(['riskline_holds{kind="unreachable"} 1']);
});

it("shows the broker's connections", async () => {
  const { metrics, page } = createMetrics();
  metrics.connectionChanged("consumer", "open");
  metrics.connectionChanged("publisher", "blocked");
  expect(await countsOf(page.render, "riskline_broker_")).toEqual([
    'riskline_broker_connected{connection="consumer"} 1',
    'riskline_broker_connected{connection="publisher"} 1',
    'riskline_broker_blocked{connection="publisher"} 1',
  ]);
  metrics.connectionChanged("publisher", "away");
  expect(await countsOf(page.render, "riskline_broker_")).toEqual([
    'riskline_broker_connected{connection="consumer"} 1',
  ]);
});

it("shows what waits in the queues, and nothing where that is not known", async () => {
  const { metrics, page } = createMetrics();
  metrics.queuesCounted([{ queue: "waiting", ready: 12, consumers: 3 }]);
  expect(await seriesOf(page.render, "riskline_queue_")).toEqual([
    'riskline_queue_ready{queue="waiting"} 12',
    'riskline_queue_consumers{queue="waiting"} 3',
  ]);
  metrics.queuesCounted([]);
  expect(await seriesOf(page.render, "riskline_queue_")).toEqual([]);
});

it("counts our own faults, and fallbacks that were due", async () => {
  const { metrics, page } = createMetrics();
  metrics.faultMet("handler");
  metrics.deadlineMet();
  expect(await countsOf(page.render, "riskline_faults_total")).toEqual([
    'riskline_faults_total{kind="handler"} 1',
  ]);
  expect(await countsOf(page.render, "riskline_deadline_fallbacks_total")).toEqual([
    "riskline_deadline_fallbacks_total 1",
  ]);
});

it("shows the ledger, and forgets a window that is gone", async () => {
  const { metrics, page } = createMetrics();
  const second = { calls: 250, windowMs: 1_000, used: 17, effective: 118.75 };
  const hour = { calls: 1_000_000, windowMs: 3_600_000, used: 40_000, effective: 1_000_000 };
  const ledger = { strikes: 2, brakeRemainingMs: 41_500, replicas: [{}, {}, {}], holds: [] };
  metrics.ledgerSeen({ ...ledger, windows: [second, hour] }, 10);
  expect(await seriesOf(page.render, "riskline_quota_")).toEqual([
    'riskline_quota_calls{window="1s"} 250',
    'riskline_quota_calls{window="1h"} 1000000',
    'riskline_quota_used{window="1s"} 17',
    'riskline_quota_used{window="1h"} 40000',
    'riskline_quota_effective{window="1s"} 118.75',
    'riskline_quota_effective{window="1h"} 1000000',
  ]);
  expect(await seriesOf(page.render, "riskline_strike")).toEqual([
    "riskline_strikes 2",
    "riskline_strike_budget 10",
  ]);
  expect(await seriesOf(page.render, "riskline_brake_remaining_seconds")).toEqual([
    "riskline_brake_remaining_seconds 41.5",
  ]);
  expect(await seriesOf(page.render, "riskline_replicas")).toEqual(["riskline_replicas 3"]);
  expect(await seriesOf(page.render, "riskline_useful_replicas")).toEqual(["riskline_useful_replicas 2"]);
  metrics.ledgerSeen({ ...ledger, windows: [second] }, 10);
  expect(await seriesOf(page.render, "riskline_quota_used")).toEqual(['riskline_quota_used{window="1s"} 17']);
});

it("counts what Redis costs: failures, and permits that came too late", async () => {
  const { metrics, page } = createMetrics();
  expect(await seriesOf(page.render, "riskline_redis_failures_total")).toEqual([
    "riskline_redis_failures_total 0",
  ]);
  metrics.redisFailed();
  metrics.permitWentStale();
  metrics.permitWentStale();
  expect(await seriesOf(page.render, "riskline_redis_failures_total")).toEqual([
    "riskline_redis_failures_total 1",
  ]);
  expect(await seriesOf(page.render, "riskline_permits_stale_total")).toEqual([
    "riskline_permits_stale_total 2",
  ]);
});

it("does not grow with what the gateway makes up", async () => {
  const { metrics, page } = createMetrics();
  for (let call = 0; call < 1_000; call++) metrics.callEnded({ code: `code-${call}`, latencyMs: 1 });
  metrics.callEnded({ code: "x".repeat(101), latencyMs: 1 });
  const series = await seriesOf(page.render, "riskline_calls_total");
  expect(series).toHaveLength(101);
  expect(series.at(-1)).toBe('riskline_calls_total{code="other"} 902');
});

it("shows the process, and shares nothing with another registry", async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.metrics.permitWaited(1);
  expect(await seriesOf(first.page.render, "process_cpu_seconds_total")).toHaveLength(1);
  expect(await seriesOf(second.page.render, "riskline_permit_wait_seconds_count")).toEqual([
    "riskline_permit_wait_seconds_count 0",
  ]);
});
