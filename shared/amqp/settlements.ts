import type { ConsumeMessage } from "amqplib";
import { ack, ackAllUpTo, giveBack, type SettlingChannel } from "./acknowledge.ts";
import { NumberedRing } from "./numbered-ring.ts";

/** A delivery that is not settled at the broker. */
interface Open {
  readonly message: ConsumeMessage;
  /** Its ack is about to leave. */
  isAcked: boolean;
}

/**
 * Settles the deliveries of one channel. Acks of one turn of the event loop leave at its end: where everything up to a
 * delivery is settled, one frame says so for all of them, and the broker has one thing to do instead of many.
 */
export class Settlements {
  readonly #channel: SettlingChannel;
  /** By delivery tag: the broker counts a channel's deliveries. */
  readonly #open = new NumberedRing<Open>();
  /** Acked in this turn. */
  #acked: ConsumeMessage[] = [];

  constructor(channel: SettlingChannel) {
    this.#channel = channel;
  }

  /** Every message that the channel delivers, in its order: what nobody names here would be acked with its neighbours. */
  take(message: ConsumeMessage): void {
    this.#open.add(tagOf(message), { message, isAcked: false });
  }

  /** Settles a delivery for good. Where the channel is gone, the broker has requeued it. */
  ack(message: ConsumeMessage): void {
    const open = this.#open.get(tagOf(message));
    if (open === undefined) return;
    open.isAcked = true;
    if (this.#acked.push(message) === 1) process.nextTick(() => this.#flush());
  }

  /** Puts a delivery back onto its queue, at once. */
  giveBack(message: ConsumeMessage): void {
    this.#open.take(tagOf(message));
    giveBack(this.#channel, message);
  }

  #flush(): void {
    const acked = this.#acked;
    this.#acked = [];
    let last: ConsumeMessage | undefined;
    while (this.#open.oldest()?.isAcked === true) last = this.#open.takeOldest()?.message;
    if (last !== undefined) ackAllUpTo(this.#channel, last);
    // Older ones are still worked on.
    for (const message of acked) {
      if (this.#open.take(tagOf(message)) !== undefined) ack(this.#channel, message);
    }
  }
}

function tagOf({ fields }: ConsumeMessage): number {
  return fields.deliveryTag;
}
