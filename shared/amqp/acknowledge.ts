import { IllegalOperationError, type Channel, type ConsumeMessage } from "amqplib";

/** Of a channel, what settles its deliveries. */
export type SettlingChannel = Pick<Channel, "ack" | "nack">;

/** Settles a delivery for good; false where its channel is gone and the broker has requeued it. */
export function ack(channel: SettlingChannel, message: ConsumeMessage): boolean {
  return onLiveChannel(() => channel.ack(message));
}

/** Settles a delivery and all that its channel delivered before. */
export function ackAllUpTo(channel: SettlingChannel, message: ConsumeMessage): void {
  onLiveChannel(() => channel.ack(message, true));
}

/** Puts a delivery back onto its queue; where the channel is gone, the broker has done so. */
export function giveBack(channel: SettlingChannel, message: ConsumeMessage): void {
  onLiveChannel(() => channel.nack(message, false, true));
}

function onLiveChannel(settle: () => void): boolean {
  try {
    settle();
    return true;
  } catch (error) {
    if (error instanceof IllegalOperationError) return false;
    throw error;
  }
}
