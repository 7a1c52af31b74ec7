import { brokerNames } from "../../shared/amqp/broker-names.ts";
import type { QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import { LANES } from "../../shared/domain/delivery.ts";
import { fitRows, isNarrow } from "./fit-rows.ts";
import { forecast, type Forecast } from "./forecast.ts";
import { formatDuration } from "./format-duration.ts";
import { ledgerJson, ledgerRows, spendJson, spendRow } from "./format-ledger.ts";
import { inGroups } from "./in-groups.ts";
import { putOffJson, putOffRow } from "./format-put-off.ts";
import { problemOf } from "./problem-of.ts";
import type { Status } from "./read-status.ts";

/** The status as JSON: what could not be found out has a problem instead. */
export function statusJson(status: Status) {
  const { namespace, queues, redis } = status;
  return {
    namespace,
    backlog: backlogJson(status),
    broker: queues.ok ? brokerJson(namespace, queues.value) : { problem: problemOf(queues.error) },
    putOffToday: redis.ok ? redis.value.putOff.map(putOffJson) : { problem: problemOf(redis.error) },
    spendToday: redis.ok ? spendJson(redis.value.spend) : { problem: problemOf(redis.error) },
    quota: quotaJson(redis),
  };
}

function backlogJson(status: Status) {
  const backlog = readBacklog(status);
  if (backlog === undefined) return { problem: "broker or quota unknown" };
  const { ready, nowMs, isHeld, clearedInMs, sustainedPerSecond } = backlog;
  return {
    ready,
    isHeld,
    callsPerSecond: Number(sustainedPerSecond.toPrecision(3)),
    clearedInMs: clearedInMs === undefined ? null : Math.ceil(clearedInMs),
    clearedAt: clearedInMs === undefined ? null : formatInstant(Math.ceil(nowMs + clearedInMs)),
  };
}

interface Backlog extends Forecast {
  readonly ready: number;
  readonly nowMs: number;
}

/** What waits in lanes and waiting queue, and what becomes of it; undefined where not all of that is known. */
function readBacklog({ namespace, queues, redis }: Status): Backlog | undefined {
  if (!queues.ok || !redis.ok || !redis.value.quota.ok) return undefined;
  const { lanes, waiting } = brokerNames(namespace);
  const counted = new Set([...LANES.map((lane) => lanes[lane]), waiting]);
  const ready = queues.value
    .filter(({ queue }) => counted.has(queue))
    .reduce((sum, { counts }) => sum + (counts?.ready ?? 0), 0);
  const { ledger, strikesPerDay } = redis.value.quota.value;
  return { ready, nowMs: ledger.nowMs, ...forecast(ready, ledger, strikesPerDay) };
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
export function formatStatus(status: Status): string {
  const { namespace, queues, redis } = status;
  const parts = [];
  if (queues.ok) {
    parts.push(formatQueues(queues.value));
    const replicas = ["replicas", String(countReplicas(namespace, queues.value))] as const;
    parts.push(fitRows([replicas, ...backlogRows(status)]));
  }
  if (redis.ok) {
    const { spend, putOff, quota } = redis.value;
    const rows = quota.ok
      ? ledgerRows(quota.value.ledger, quota.value.strikesPerDay)
      : [["quota", `unknown: ${problemOf(quota.error)}`] as const];
    parts.push(fitRows([spendRow(spend), putOffRow(putOff), ...rows]));
  }
  return parts.join("\n");
}

/** Every replica consumes the standard lane once. */
function countReplicas(namespace: string, queues: readonly QueueCounts[]): number {
  const { standard } = brokerNames(namespace).lanes;
  return queues.find(({ queue }) => queue === standard)?.counts?.consumers ?? 0;
}

function backlogRows(status: Status) {
  const backlog = readBacklog(status);
  return backlog === undefined ? [] : [["backlog", backlogText(backlog)] as const];
}

function backlogText({ ready, clearedInMs, sustainedPerSecond }: Backlog): string {
  if (ready === 0) return "none";
  const waiting = inGroups(ready);
  if (clearedInMs === undefined) return `${waiting}, not cleared while calls are held`;
  const rate = sustainedPerSecond.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  return `${waiting}, cleared in about ${formatDuration(clearedInMs)} (${rate} calls/s)`;
}

function formatQueues(queues: readonly QueueCounts[]): string {
  const rows = queues.map(({ queue, counts }) => ({
    queue,
    ready: counts === undefined ? "missing" : inGroups(counts.ready),
    consumers: counts === undefined ? "" : String(counts.consumers),
  }));
  if (isNarrow()) return fitRows(queues.map(({ queue, counts }) => [queue, countsText(counts)]));
  const width = Math.max(...rows.map(({ queue }) => queue.length));
  const line = (queue: string, ready: string, consumers: string): string =>
    `${queue.padEnd(width)}  ${ready.padStart(11)}  ${consumers.padStart(9)}`.trimEnd() + "\n";
  return (
    line("queue", "ready", "consumers") +
    rows.map((row) => line(row.queue, row.ready, row.consumers)).join("")
  );
}

function countsText(counts: QueueCounts["counts"]): string {
  if (counts === undefined) return "missing";
  return `${inGroups(counts.ready)} ready, ${counts.consumers} consumers`;
}
