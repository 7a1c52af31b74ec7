import { setMaxListeners } from "node:events";
import { LANES, LONGEST_IN_HAND_MS, type Delivery } from "../domain/delivery.ts";
import { transactionIdOf, type Disposition } from "../domain/disposition.ts";
import { backoffMs } from "./backoff-ms.ts";
import type { BrokerNames } from "./broker-names.ts";
import type { BrokerConnection } from "./connection.ts";
import { HandCount } from "./hand-count.ts";
import { LaneSubscription, type LaneDelivery } from "./lane-subscription.ts";
import { pause } from "./pause.ts";
import type { Publisher } from "./publisher.ts";
import { readDelivery } from "./read-delivery.ts";
import { settlingMessages, type Publishable } from "./settling-message.ts";

/** A fault pauses as long as the fourth failure in a row of anything else: about a second, then longer. */
const FAULT_FAILURES = 4;

/** What the consumer tells; called on the way of every delivery, so it must be quick and must not throw. */
export interface ConsumerObserver {
  /** The disposition is published and confirmed, and the delivery given back, or acked with the end of this turn. */
  readonly onSettled?: (delivery: Delivery, disposition: Disposition, ms: number) => void;
  /** The handler threw. That is our fault, never the transaction's: it is given back after the pause. */
  readonly onFault?: (delivery: Delivery, error: unknown, retryInMs: number) => void;
  /** Publishing failed; the delivery is held and it is tried again. */
  readonly onHeld?: (delivery: Delivery, error: unknown, retryInMs: number) => void;
  readonly onSubscribed?: (queue: string) => void;
  readonly onSubscriptionLost?: (queue: string, error: Error, retryInMs: number) => void;
}

export interface ConsumerOptions {
  readonly connection: BrokerConnection;
  /** On a connection of its own: a blocked broker stops reading the whole socket, acks included. */
  readonly publisher: Publisher;
  readonly names: BrokerNames;
  /** Deliveries in hand at most, of each queue; a queue without a number is not consumed. */
  readonly prefetch: Readonly<Partial<Record<Delivery["lane"], number>>>;
  /**
   * The signal fires when the delivery goes back to the broker (the consumer stops, or the channel is lost): waiting
   * work answers "give-back" at once, a call in flight ends.
   */
  readonly handle: (delivery: Delivery, signal: AbortSignal) => Promise<Disposition>;
  readonly observer?: ConsumerObserver;
}

export interface Consumer {
  /** Deliveries taken and not yet settled. */
  readonly inHand: number;
  /**
   * Takes nothing more, gives back what waits, lets the rest end, and closes the channels once all is settled. The
   * signal is the deadline: what is unsettled then goes back to the broker. Stopping twice stops once; never rejects.
   */
  stop(deadline?: AbortSignal): Promise<void>;
}

/** Starts to consume. The only place that settles deliveries: publish, wait for the confirm, then ack. */
export function consume(options: ConsumerOptions): Consumer {
  return new SettlingConsumer(options);
}

class SettlingConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #observer: ConsumerObserver;
  readonly #lanes: readonly LaneSubscription[];
  readonly #inHand = new HandCount();
  readonly #stopping = new AbortController();
  readonly #abandoning = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    // Every delivery in hand may listen to them.
    setMaxListeners(0, this.#stopping.signal, this.#abandoning.signal);
    this.#lanes = ([...LANES, "waiting"] as const).flatMap((lane) => this.#subscribe(lane));
  }

  get inHand(): number {
    return this.#inHand.count;
  }

  stop(deadline?: AbortSignal): Promise<void> {
    deadline?.addEventListener("abort", () => this.#abandoning.abort(), { once: true });
    if (deadline?.aborted === true) this.#abandoning.abort();
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const abandoned = new Promise<void>((resolve) => whenAborted(this.#abandoning.signal, resolve));
    // First the cancels: what is given back before them would be delivered here again.
    await Promise.race([Promise.all(this.#lanes.map((lane) => lane.cancel())), abandoned]);
    this.#stopping.abort();
    await Promise.race([this.#inHand.empty(), abandoned]);
    this.#abandoning.abort();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #subscribe(lane: Delivery["lane"]): LaneSubscription[] {
    const { connection, names, prefetch } = this.#options;
    const limit = prefetch[lane];
    if (limit === undefined) return [];
    const queue = lane === "waiting" ? names.waiting : names.lanes[lane];
    const subscription = new LaneSubscription(connection, {
      queue,
      prefetch: limit,
      stopping: this.#stopping.signal,
      onDelivery: (taken) => void this.#process(readDelivery(taken.message, lane), taken),
      onSubscribed: () => this.#observer.onSubscribed?.(queue),
      onLost: (error, retryInMs) => this.#observer.onSubscriptionLost?.(queue, error, retryInMs),
    });
    return [subscription];
  }

  /** One delivery, from the broker and back to it. */
  async #process(delivery: Delivery, taken: LaneDelivery): Promise<void> {
    const startedAt = performance.now();
    this.#inHand.take();
    let settled: Disposition | undefined;
    try {
      const disposition = await this.#options.handle(delivery, taken.signal);
      const giveBackAtMs = startedAt + LONGEST_IN_HAND_MS;
      settled =
        disposition.action === "give-back"
          ? disposition
          : await this.#publish(disposition, delivery, taken, giveBackAtMs);
      if (settled.action === "give-back") taken.settlements.giveBack(taken.message);
      else taken.settlements.ack(taken.message);
    } catch (error) {
      await this.#giveBackLater(error, delivery, taken);
    } finally {
      this.#inHand.release();
    }
    if (settled !== undefined) this.#observer.onSettled?.(delivery, settled, performance.now() - startedAt);
  }

  /**
   * Publishes one message after the other, each until the broker has it: the disposition stands then. Where the delivery goes
   * back before that, or would stay in hand for too long, it is given back, whatever the handler said. What fails here is
   * never the transaction's fault: the delivery is held.
   */
  async #publish(
    disposition: Publishable,
    delivery: Delivery,
    taken: LaneDelivery,
    giveBackAtMs: number,
  ): Promise<Disposition> {
    for (const outgoing of settlingMessages(disposition, delivery, taken.message, this.#options.names)) {
      // Work that ends after the delivery went back gets one more chance, until the deadline.
      const signal = taken.signal.aborted ? this.#abandoning.signal : taken.signal;
      for (let failures = 1; ; failures++) {
        try {
          await this.#options.publisher.publish(outgoing, signal);
          break;
        } catch (error) {
          if (taken.signal.aborted) return givenBack(disposition, "shutdown");
          const retryInMs = backoffMs(failures);
          if (performance.now() + retryInMs > giveBackAtMs) return givenBack(disposition, "unpublished");
          this.#observer.onHeld?.(delivery, error, retryInMs);
          await pause(retryInMs, taken.signal);
        }
      }
    }
    return disposition;
  }

  /** The pause keeps a handler that always throws from becoming a hot loop; the delivery fills its place meanwhile. */
  async #giveBackLater(
    error: unknown,
    delivery: Delivery,
    { settlements, message, signal }: LaneDelivery,
  ): Promise<void> {
    const retryInMs = backoffMs(FAULT_FAILURES + delivery.deliveryCount);
    this.#observer.onFault?.(delivery, error, retryInMs);
    await pause(retryInMs, signal);
    settlements.giveBack(message);
  }
}

function givenBack(disposition: Publishable, cause: "shutdown" | "unpublished"): Disposition {
  const transactionId = transactionIdOf(disposition);
  return { action: "give-back", cause, ...(transactionId === undefined ? {} : { transactionId }) };
}

function whenAborted(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
}
