import type { ChannelModel } from "amqplib";
import { openChannel } from "./open-channel.ts";
import type { Topology } from "./topology.ts";

/** Takes an installation's queues and exchanges off the broker, and what is in them; what is not there is no error. */
export async function removeTopology(model: ChannelModel, topology: Topology): Promise<void> {
  const { channel } = await openChannel(model);
  for (const item of topology) {
    if (item.kind === "queue") await channel.deleteQueue(item.name);
    if (item.kind === "exchange") await channel.deleteExchange(item.name);
  }
  await channel.close();
}
