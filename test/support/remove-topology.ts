import type { ChannelModel } from "amqplib";
import { removeTopology as remove } from "../../shared/amqp/remove-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";

/** Takes a namespace's queues and exchanges off the broker, as far as they are there. */
export const removeTopology = (model: ChannelModel, namespace: string): Promise<void> =>
  remove(model, topologyOf({ namespace, hasResultsQueue: true }));
