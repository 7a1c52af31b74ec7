import type { ConsumeMessage } from "amqplib";
import { ack, ackAllUpTo, giveBack, type SettlingChannel } from "./acknowledge.ts";

/**
 * Settles the deliveries of one channel. Acks of one turn of the event loop leave at its end: where everything up to a
 * delivery is settled, one frame says so for all of them, and the broker has one thing to do instead of many.
 */
export class Settlements {
  readonly #channel: SettlingChannel;
  /** Delivered and not settled at the broker, oldest first; true where its ack is about to leave. */
  readonly #open = new Map<ConsumeMessage, boolean>();
  /** Acked in this turn. */
  #acked: ConsumeMessage[] = [];

  constructor(channel: SettlingChannel) {
    this.#channel = channel;
  }

  /** Every message that the channel delivers, in its order: what nobody names here would be acked with its neighbours. */
  take(message: ConsumeMessage): void {
    this.#open.set(message, false);
  }

  /** Settles a delivery for good. Where the channel is gone, the broker has requeued it. */
  ack(message: ConsumeMessage): void {
    this.#open.set(message, true);
    if (this.#acked.push(message) === 1) process.nextTick(() => this.#flush());
  }

  /** Puts a delivery back onto its queue, at once. */
  giveBack(message: ConsumeMessage): void {
    this.#open.delete(message);
    giveBack(this.#channel, message);
  }

  #flush(): void {
    const acked = this.#acked;
    this.#acked = [];
    let last: ConsumeMessage | undefined;
    for (const [message, isAcked] of this.#open) {
      if (!isAcked) break;
      this.#open.delete(message);
      last = message;
    }
    if (last !== undefined) ackAllUpTo(this.#channel, last);
    // Older ones are still worked on.
    for (const message of acked) if (this.#open.delete(message)) ack(this.#channel, message);
  }
}
