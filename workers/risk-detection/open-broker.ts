import { connect, type BrokerConnection } from "../../shared/amqp/connection.ts";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import type { BrokerRole } from "../../shared/process/health-metrics.ts";
import type { Worker } from "./worker.ts";

/** Consuming and publishing have a connection each: a broker that is short of memory blocks the publisher's. */
export async function openBroker(role: BrokerRole, worker: Worker): Promise<BrokerConnection> {
  const { settings, shutdown, name, observers } = worker;
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  const connection = await connect(settings.broker.url, {
    name: `riskline ${role} ${name}`,
    prepare: (model) => declareTopology(model, topology),
    onEvent: (event) => observers.connection(role, event),
    signal: shutdown.soft,
  });
  shutdown.register(`${role}'s connection`, () => connection.close());
  return connection;
}
