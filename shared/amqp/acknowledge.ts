import { IllegalOperationError, type Channel, type ConsumeMessage } from "amqplib";

/** Settles a delivery for good; false where its channel is gone and the broker has requeued it. */
export function ack(channel: Channel, message: ConsumeMessage): boolean {
  return onLiveChannel(() => channel.ack(message));
}

/** Puts a delivery back onto its queue; false where its channel is gone and the broker has done so. */
export function giveBack(channel: Channel, message: ConsumeMessage): boolean {
  return onLiveChannel(() => channel.nack(message, false, true));
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
