import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ConsumeMessage } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import type { BrokerConnection } from "./connection.ts";
import { keepOpen } from "./keep-open.ts";
import { openChannel } from "./open-channel.ts";
import { redeclareMissing } from "./redeclare-missing.ts";
import { Settlements } from "./settlements.ts";

/**
 * RabbitMQ stashes acks that come in a burst from a quorum queue, and forgets them when the channel is closed
 * (rabbitmq-server issue 10327; 400 of 20,000 here without the wait, none with 20 ms). Nothing tells when they are
 * through; one that is lost all the same costs a redelivery, and no more.
 */
const ACKS_SETTLE_MS = 100;

/** A message, and what it takes to settle it. */
export interface LaneDelivery {
  readonly message: ConsumeMessage;
  readonly settlements: Settlements;
  /** Fires when the delivery goes back to the broker: the channel is gone, or the consumer stops. */
  readonly signal: AbortSignal;
}

export interface LaneSubscriptionOptions {
  readonly queue: string;
  /** Unsettled deliveries that the broker hands out at once. */
  readonly prefetch: number;
  /** Must not throw. */
  readonly onDelivery: (delivery: LaneDelivery) => void;
  /** The consumer stops: waiting work is interrupted. */
  readonly stopping: AbortSignal;
  readonly onSubscribed: () => void;
  readonly onLost: (error: Error, retryInMs: number) => void;
}

/** One queue consumed on a channel of its own, subscribed again whenever that ends for any reason. */
export class LaneSubscription {
  readonly #connection: BrokerConnection;
  readonly #options: LaneSubscriptionOptions;
  readonly #ending = new AbortController();
  readonly #closeWanted = Promise.withResolvers<void>();
  readonly #consumerTag = randomUUID();
  readonly #sessions: Promise<void>;
  /** Came in after the stop; given back once the broker sends no more. */
  readonly #late: ConsumeMessage[] = [];
  #current:
    | { readonly channel: Channel; readonly settlements: Settlements; readonly ended: Promise<never> }
    | undefined;

  constructor(connection: BrokerConnection, options: LaneSubscriptionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#sessions = keepOpen(() => redeclareMissing(connection, () => this.#session()), {
      signal: this.#ending.signal,
      onEnded: options.onLost,
    });
  }

  /**
   * No more deliveries from here on; what is in hand can still be settled. Resolves when the broker has agreed, so
   * that nothing given back now comes straight here again.
   */
  async cancel(): Promise<void> {
    this.#ending.abort();
    if (this.#current === undefined) return;
    const { channel, settlements, ended } = this.#current;
    // Either the consumer is cancelled or the channel is gone: both end the deliveries.
    await Promise.race([channel.cancel(this.#consumerTag), ended]).catch(() => undefined);
    for (const message of this.#late) settlements.giveBack(message);
  }

  /** Sends what is still buffered, acks above all, and closes the channel; the broker requeues what is unsettled. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#closeWanted.resolve();
    await this.#sessions;
  }

  /** One channel, from its opening to its end. */
  async #session(): Promise<void> {
    const model = await this.#connection.open(this.#ending.signal);
    const { channel, ended } = await openChannel(model);
    const settlements = new Settlements(channel);
    const { promise: cancelled, reject: cancel } = Promise.withResolvers<never>();
    cancelled.catch(() => undefined);
    const gone = new AbortController();
    const signal = AbortSignal.any([this.#options.stopping, gone.signal]);
    setMaxListeners(0, signal); // every delivery in hand may listen
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null) {
        cancel(new Error(`the broker cancelled the consumer of "${this.#options.queue}"`));
        return;
      }
      settlements.take(message);
      if (this.#ending.signal.aborted) this.#late.push(message);
      else this.#options.onDelivery({ message, settlements, signal });
    };
    try {
      if (this.#ending.signal.aborted) return;
      this.#current = { channel, settlements, ended };
      await Promise.race([this.#subscribe(channel, onMessage), ended]);
      await Promise.race([ended, cancelled, this.#closeWanted.promise]);
      await sleep(ACKS_SETTLE_MS);
    } finally {
      this.#current = undefined;
      gone.abort();
      await closeInTime(channel);
    }
  }

  async #subscribe(channel: Channel, onMessage: (message: ConsumeMessage | null) => void): Promise<void> {
    const { queue, prefetch, onSubscribed } = this.#options;
    // Both are sent at once, so that a cancel, sent later, always finds the consumer.
    const limited = channel.prefetch(prefetch);
    const consuming = channel.consume(queue, onMessage, { consumerTag: this.#consumerTag });
    await Promise.all([limited, consuming]);
    onSubscribed();
  }
}
