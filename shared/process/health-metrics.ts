import { Counter, Gauge, type Registry } from "prom-client";

/** The connections to the broker that a worker has. */
export type BrokerRole = "consumer" | "publisher";
/** What went wrong that is nobody's fault but ours or our servers'. */
export type FaultKind = "handler" | "publishing" | "deadline" | "redis";

/** What the worker records of its servers, and of its own faults. */
export interface HealthMetrics {
  readonly connectionChanged: (role: BrokerRole, state: "open" | "blocked" | "away") => void;
  /** Redis did not do what it was asked for. */
  readonly redisFailed: () => void;
  /** A handler threw, or what it decided could not be published: it is tried again. */
  readonly faultMet: (kind: FaultKind) => void;
  /** What the broker counts in its queues; none where it could not be asked. */
  readonly queuesCounted: (queues: readonly QueueCount[]) => void;
}

/** One queue, by its name without the namespace. */
export interface QueueCount {
  readonly queue: string;
  readonly ready: number;
  readonly consumers: number;
}

const ROLES: readonly BrokerRole[] = ["consumer", "publisher"];
const FAULTS: readonly FaultKind[] = ["handler", "publishing", "deadline", "redis"];

/** Registers them. All that can be known before it happens is there from the start: a rise from nothing is none. */
export function healthMetrics(registry: Registry): HealthMetrics {
  const registers = [registry];
  const redisFailures = new Counter({
    name: "riskline_redis_failures_total",
    help: "Commands that Redis refused or did not answer in time, and connections to it that failed",
    registers,
  });
  const connected = new Gauge({
    name: "riskline_broker_connected",
    help: "1 where the connection to the broker is open",
    labelNames: ["connection"],
    registers,
  });
  const blocked = new Gauge({
    name: "riskline_broker_blocked",
    help: "1 where the broker takes no messages for now: out of memory or disk",
    labelNames: ["connection"],
    registers,
  });
  const faults = new Counter({
    name: "riskline_faults_total",
    help: "Deliveries and deadlines that could not be handled, or not be published, and keys in Redis that are none of ours; all are tried again",
    labelNames: ["kind"],
    registers,
  });
  const connectionChanged: HealthMetrics["connectionChanged"] = (connection, state) => {
    connected.set({ connection }, state === "away" ? 0 : 1);
    blocked.set({ connection }, state === "blocked" ? 1 : 0);
  };
  for (const role of ROLES) connectionChanged(role, "away");
  for (const kind of FAULTS) faults.inc({ kind }, 0);
  return {
    redisFailed: () => redisFailures.inc(),
    connectionChanged,
    faultMet: (kind) => faults.inc({ kind }),
    queuesCounted: queueGauges(registry),
  };
}

function queueGauges(registry: Registry): HealthMetrics["queuesCounted"] {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `riskline_queue_${name}`, help, labelNames: ["queue"], registers: [registry] });
  const ready = gauge("ready", "Messages in the queue that nobody has in hand, as the broker counts them");
  const consumers = gauge("consumers", "Consumers of the queue, of all replicas and of others");
  return (queues) => {
    ready.reset(); // an old count is none
    consumers.reset();
    for (const { queue, ...counts } of queues) {
      ready.set({ queue }, counts.ready);
      consumers.set({ queue }, counts.consumers);
    }
  };
}
