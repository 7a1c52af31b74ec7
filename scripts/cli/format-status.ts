import { brokerNames } from "../../shared/amqp/broker-names.ts";
import type { QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import { LANES } from "../../shared/domain/delivery.ts";
import type { Attempt } from "./attempt.ts";
import { fitCompactRows } from "./fit-rows.ts";
import { forecast, type Forecast } from "./forecast.ts";
import { failuresJson, formatFailures } from "./format-failures.ts";
import { formatDuration } from "./format-duration.ts";
import { ledgerJson, ledgerRows, spendJson, spendRow } from "./format-ledger.ts";
import { formatQueues } from "./format-queues.ts";
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
    putOffToday: partJson(redis.ok ? redis.value.putOff : redis, (putOff) => putOff.map(putOffJson)),
    spendToday: partJson(redis.ok ? redis.value.spend : redis, spendJson),
    quota: partJson(redis.ok ? redis.value.quota : redis, ({ ledger, strikesPerDay }) =>
      ledgerJson(ledger, strikesPerDay),
    ),
    latestErrors: partJson(redis.ok ? redis.value.failures : redis, failuresJson),
  };
}

const partJson = <T, J>(part: Attempt<T>, json: (value: T) => J) =>
  part.ok ? json(part.value) : { problem: problemOf(part.error) };

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

/**
 * The status for a person, what matters most at the top. A server that is away is left out: who prints it says why.
 * `columns`: how wide it may be, if not as wide as standard output.
 */
export function formatStatus(status: Status, nowMs: number, columns?: number): string {
  const { namespace, queues, redis } = status;
  const parts = [];
  if (queues.ok) {
    parts.push(formatQueues(queues.value, namespace, columns));
    const replicas = ["replicas", String(countReplicas(namespace, queues.value))] as const;
    parts.push(fitCompactRows([replicas, ...backlogRows(status)], columns));
  }
  if (redis.ok) {
    const { spend, putOff, quota, failures } = redis.value;
    if (failures.ok) parts.push(formatFailures(failures.value, nowMs, columns));
    const rows = [
      ...(failures.ok ? [] : [unknownRow("latest errors", failures.error)]),
      spend.ok ? spendRow(spend.value) : unknownRow("spent today", spend.error),
      putOff.ok ? putOffRow(putOff.value) : unknownRow("put off today", putOff.error),
      ...(quota.ok
        ? ledgerRows(quota.value.ledger, quota.value.strikesPerDay)
        : [unknownRow("quota", quota.error)]),
    ];
    parts.push(fitCompactRows(rows, columns));
  }
  return parts.join("\n");
}

const unknownRow = (name: string, error: unknown) => [name, `unknown: ${problemOf(error)}`] as const;

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
