import type { Channel, ChannelModel } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import { isNotFound } from "./is-not-found.ts";
import { openChannel } from "./open-channel.ts";

/** A queue as the broker counts it; undefined where it does not exist. */
export interface QueueCounts {
  readonly queue: string;
  readonly counts: { readonly ready: number; readonly consumers: number } | undefined;
}

/** Looks at queues without touching them. */
export async function inspectQueues(model: ChannelModel, queues: readonly string[]): Promise<QueueCounts[]> {
  const found: QueueCounts[] = [];
  for (const queue of queues) {
    // A missing queue costs the channel, so each queue has its own.
    const { channel } = await openChannel(model);
    found.push({ queue, counts: await countsOf(channel, queue) });
    await closeInTime(channel);
  }
  return found;
}

async function countsOf(channel: Channel, queue: string): Promise<QueueCounts["counts"]> {
  try {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    return { ready: messageCount, consumers: consumerCount };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
