import { connect, type BrokerConnection, type ConnectionEvent } from "../../shared/amqp/connection.ts";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import type { AllSettings } from "../../shared/process/settings/settings.ts";

export interface ConnectToBrokerOptions {
  readonly settings: Pick<AllSettings, "installation" | "broker">;
  /** The command, for the broker's list of connections. */
  readonly command: string;
  /** Hears in a line what happens to the connection later. */
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Connects for a command and declares the topology, for it may be the first to start. A person waits for it, so
 * there is one attempt; once there was a connection, it comes back however long it takes.
 */
export function connectToBroker(options: ConnectToBrokerOptions): Promise<BrokerConnection> {
  const { settings, command, note, signal } = options;
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  let wasConnected = false;
  return connect(settings.broker.url, {
    name: `riskline ${command}`,
    prepare: (model) => declareTopology(model, topology),
    onEvent: (event) => {
      if (wasConnected) note(describe(event));
      wasConnected = true;
    },
    firstAttempts: 1,
    signal,
  });
}

function describe(event: ConnectionEvent): string {
  switch (event.kind) {
    case "connected":
      return "the broker is back";
    case "disconnected":
      return `the broker is away, trying again: ${event.problem}`;
    case "blocked":
      return `the broker takes no messages for now: ${event.reason}`;
    case "unblocked":
      return "the broker takes messages again";
  }
}
