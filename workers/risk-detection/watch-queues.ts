import type { BrokerConnection } from "../../shared/amqp/connection.ts";
import { countQueues } from "../../shared/amqp/count-queues.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import type { Worker } from "./worker.ts";

/** About as often as Prometheus looks. */
const COUNT_EVERY_MS = 15_000;

/** Every replica counts the queues, so that any of them shows the backlog. */
export function watchQueues(connection: BrokerConnection, { settings, metrics, shutdown }: Worker): void {
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  const stop = countQueues({
    connection,
    queues: topology.flatMap((part) => (part.kind === "queue" ? [part.name] : [])),
    everyMs: COUNT_EVERY_MS,
    onCounted: (counted) =>
      metrics.queuesCounted(
        counted.flatMap(({ queue, counts }) =>
          counts === undefined ? [] : [{ queue: queue.slice(namespace.length + 1), ...counts }],
        ),
      ),
  });
  shutdown.register("queue counts", stop);
}
