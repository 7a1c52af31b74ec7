import type { Channel, ChannelModel } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import { openChannel } from "./open-channel.ts";
import { TopologyMismatchError } from "./topology-mismatch-error.ts";
import type { Topology } from "./topology.ts";

/**
 * Declares what is missing and compares what exists; the broker names the first argument that differs.
 * Bindings are only added: AMQP cannot list them.
 * @throws TopologyMismatchError where a name exists with other properties or is somebody's own, or declaring it is
 *   not permitted
 */
export async function declareTopology(model: ChannelModel, topology: Topology): Promise<void> {
  const { channel } = await openChannel(model);
  for (const item of topology) await declareItem(channel, item);
  await closeInTime(channel);
}

/**
 * Declares one item, or compares it where it exists. An error costs the channel.
 * @throws TopologyMismatchError
 */
export async function declareItem(channel: Channel, item: Topology[number]): Promise<void> {
  try {
    await declare(channel, item);
  } catch (error) {
    throw explainDeclareError(error, item);
  }
}

async function declare(channel: Channel, item: Topology[number]): Promise<void> {
  switch (item.kind) {
    case "exchange":
      await channel.assertExchange(item.name, "topic", {
        durable: true,
        ...alternate(item.alternateExchange),
      });
      return;
    case "queue":
      await channel.assertQueue(item.name, { durable: true, arguments: item.arguments });
      return;
    case "binding":
      await channel.bindQueue(item.queue, item.exchange, item.pattern);
      return;
  }
}

const alternate = (alternateExchange: string | undefined) =>
  alternateExchange === undefined ? {} : { alternateExchange };

/** What the broker's refusal of an item means; any other error as it is. */
export function explainDeclareError(error: unknown, item: Topology[number]): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const name =
    item.kind === "binding" ? `the binding of queue "${item.queue}"` : `${item.kind} "${item.name}"`;
  if (message.includes("ACCESS_REFUSED")) {
    return new TopologyMismatchError(`the broker's user may not declare ${name}`, { cause: error });
  }
  if (message.includes("RESOURCE_LOCKED")) {
    return new TopologyMismatchError(`${name} is held by another connection (exclusive)`, { cause: error });
  }
  // "… - inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received none but current is the value …"
  const difference = /inequivalent arg '([^']+)' for .*?: (received .*?)"?$/.exec(message);
  if (difference !== null) {
    const [, argument, values] = difference;
    return new TopologyMismatchError(`${name} exists with another ${argument}: ${values}`, { cause: error });
  }
  if (message.includes("PRECONDITION_FAILED")) {
    return new TopologyMismatchError(`${name} exists with other properties: ${message}`, { cause: error });
  }
  return error;
}
