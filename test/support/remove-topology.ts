import type { ChannelModel } from "amqplib";
import { topologyOf } from "../../shared/amqp/topology.ts";

/** Takes a namespace's queues and exchanges off the broker, as far as they are there. */
export async function removeTopology(model: ChannelModel, namespace: string): Promise<void> {
  const channel = await model.createChannel();
  for (const item of topologyOf({ namespace, hasResultsQueue: true })) {
    if (item.kind === "queue") await channel.deleteQueue(item.name);
    if (item.kind === "exchange") await channel.deleteExchange(item.name);
  }
  await channel.close();
}
