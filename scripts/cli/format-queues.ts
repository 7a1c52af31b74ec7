import type { QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { isNarrow } from "./fit-rows.ts";
import { inGroups } from "./in-groups.ts";

/** Queues in columns; where it is narrow, without what all their names begin with. */
export function formatQueues(queues: readonly QueueCounts[], namespace: string, columns?: number): string {
  const fit = isNarrow(columns)
    ? { prefix: `${namespace}.`, ready: 9, consumers: "cons." }
    : { prefix: "", ready: 11, consumers: "consumers" };
  const names = queues.map(({ queue }) => queue.slice(fit.prefix.length));
  const width = Math.max(...names.map((name) => name.length));
  const line = (name: string, ready: string, consumers: string): string =>
    `${name.padEnd(width)}  ${ready.padStart(fit.ready)}  ${consumers.padStart(fit.consumers.length)}`.trimEnd();
  const lines = queues.map(({ counts }, index) =>
    counts === undefined
      ? line(names[index] ?? "", "missing", "")
      : line(names[index] ?? "", inGroups(counts.ready), String(counts.consumers)),
  );
  return [line("queue", "ready", fit.consumers), ...lines, ""].join("\n");
}
