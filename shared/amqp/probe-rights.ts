import type { Channel, ChannelModel } from "amqplib";
import { brokerNames } from "./broker-names.ts";
import { ACCESS_REFUSED, refusalOf } from "./refusal-of.ts";
import { topologyOf, type TopologyOptions } from "./topology.ts";

/** One thing that the broker's user must be allowed to do with one name. */
export interface BrokerRight {
  readonly right: "configure" | "write" | "read";
  /** Such as `queue "risk.waiting"`. */
  readonly on: string;
}

interface RightProbe extends BrokerRight {
  /** Asks for it in a way that RabbitMQ refuses, or that has no effect, once it has looked at the rights. */
  readonly ask: (channel: Channel) => Promise<unknown>;
}

/** A publisher's channel says nothing but that it ends. */
const UNTIL_REFUSED = new Promise<never>(() => undefined);

/** Never bound by anybody, so that taking the binding away takes nothing away. */
const NEVER_BOUND = "riskline.doctor.never-bound";

/**
 * RabbitMQ looks at the rights first, then at whether the name exists, and only then at what is asked. So each probe
 * asks for what cannot be, and what it is refused for tells. (RabbitMQ 3.10 and 4.x; others may keep another order.)
 */
const PROBES = {
  configureQueue: (name: string): RightProbe => ({
    right: "configure",
    on: `queue "${name}"`,
    ask: (channel) =>
      channel.assertQueue(name, {
        durable: true,
        arguments: { "x-queue-type": "quorum", "x-dead-letter-exchange": 0 }, // no name
      }),
  }),
  configureExchange: (name: string): RightProbe => ({
    right: "configure",
    on: `exchange "${name}"`,
    ask: (channel) =>
      channel.assertExchange(name, "topic", { durable: true, arguments: { "alternate-exchange": 0 } }),
  }),
  read: (name: string): RightProbe => ({
    right: "read",
    on: `queue "${name}"`,
    ask: (channel) => channel.consume(name, () => undefined, { arguments: { "x-priority": "none" } }),
  }),
  write: (name: string, routingKey: string): RightProbe => ({
    right: "write",
    on: name === "" ? 'exchange "amq.default"' : `exchange "${name}"`,
    ask: (channel) => {
      channel.publish(name, routingKey, Buffer.alloc(0), { expiration: "never" }); // no number
      return UNTIL_REFUSED;
    },
  }),
  bind: (queue: string, exchange: string): RightProbe => ({
    right: "write",
    on: `queue "${queue}" (to bind it to exchange "${exchange}", which has to be readable)`,
    ask: (channel) => channel.unbindQueue(queue, exchange, NEVER_BOUND),
  }),
};

/** All that a worker does with the broker, but publishing: a broker that is short of memory stops who publishes. */
export function rightsToDeclareAndRead(options: TopologyOptions): readonly RightProbe[] {
  const { lanes, waiting } = brokerNames(options.namespace);
  const declared = topologyOf(options).map((item) => {
    if (item.kind === "queue") return PROBES.configureQueue(item.name);
    return item.kind === "exchange"
      ? PROBES.configureExchange(item.name)
      : PROBES.bind(item.queue, item.exchange);
  });
  return [...declared, ...[...Object.values(lanes), waiting].map(PROBES.read)];
}

/** Where workers and producers publish to. */
export function rightsToPublish({ namespace }: TopologyOptions): readonly RightProbe[] {
  const { exchanges, waiting } = brokerNames(namespace);
  return [
    PROBES.write(exchanges.results, "result.approve"),
    PROBES.write(exchanges.deadLetters, "malformed"),
    PROBES.write("", waiting), // what has to wait goes straight to its queue
  ];
}

/** The rights of a list that the broker's user has not; nothing is changed by finding out. */
export async function missingRights(
  model: ChannelModel,
  probes: readonly RightProbe[],
): Promise<BrokerRight[]> {
  const refusals = await Promise.all(probes.map(({ ask }) => refusalOf(model, ask)));
  return probes.flatMap(({ right, on }, index) =>
    refusals[index]?.code === ACCESS_REFUSED ? [{ right, on }] : [],
  );
}
