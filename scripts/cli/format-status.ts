import { brokerNames } from "../../shared/amqp/broker-names.ts";
import type { QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { ledgerJson, ledgerRows, spendJson, spendRow } from "./format-ledger.ts";
import { formatRows } from "./format-rows.ts";
import { problemOf } from "./problem-of.ts";
import type { Status } from "./read-status.ts";

/** The status as JSON: what could not be found out has a problem instead. */
export function statusJson({ namespace, queues, redis }: Status) {
  return {
    namespace,
    broker: queues.ok ? brokerJson(namespace, queues.value) : { problem: problemOf(queues.error) },
    spendToday: redis.ok ? spendJson(redis.value.spend) : { problem: problemOf(redis.error) },
    quota: quotaJson(redis),
  };
}

function brokerJson(namespace: string, queues: readonly QueueCounts[]) {
  return {
    replicas: countReplicas(namespace, queues),
    queues: queues.map(({ queue, counts }) => ({ name: queue, exists: counts !== undefined, ...counts })),
  };
}

function quotaJson(redis: Status["redis"]) {
  if (!redis.ok) return { problem: problemOf(redis.error) };
  const { quota } = redis.value;
  if (!quota.ok) return { problem: problemOf(quota.error) };
  return ledgerJson(quota.value.ledger, quota.value.strikesPerDay);
}

/** The status for a person. A server that is away is left out: that is said on standard error. */
export function formatStatus({ namespace, queues, redis }: Status): string {
  const parts = [];
  if (queues.ok) {
    parts.push(formatQueues(queues.value));
    parts.push(formatRows([["replicas", String(countReplicas(namespace, queues.value))]]));
  }
  if (redis.ok) {
    const { spend, quota } = redis.value;
    const rows = quota.ok
      ? ledgerRows(quota.value.ledger, quota.value.strikesPerDay)
      : [["quota", `unknown: ${problemOf(quota.error)}`] as const];
    parts.push(formatRows([spendRow(spend), ...rows]));
  }
  return parts.join("\n");
}

/** Every replica consumes the standard lane once. */
function countReplicas(namespace: string, queues: readonly QueueCounts[]): number {
  const { standard } = brokerNames(namespace).lanes;
  return queues.find(({ queue }) => queue === standard)?.counts?.consumers ?? 0;
}

function formatQueues(queues: readonly QueueCounts[]): string {
  const rows = queues.map(({ queue, counts }) => ({
    queue,
    ready: counts === undefined ? "missing" : counts.ready.toLocaleString("en-US"),
    consumers: counts === undefined ? "" : String(counts.consumers),
  }));
  const width = Math.max(...rows.map(({ queue }) => queue.length));
  const line = (queue: string, ready: string, consumers: string): string =>
    `${queue.padEnd(width)}  ${ready.padStart(11)}  ${consumers.padStart(9)}`.trimEnd() + "\n";
  return (
    line("queue", "ready", "consumers") +
    rows.map((row) => line(row.queue, row.ready, row.consumers)).join("")
  );
}
