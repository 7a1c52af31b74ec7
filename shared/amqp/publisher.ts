import { IllegalOperationError, type ChannelModel, type ConfirmChannel, type Message } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import type { BrokerConnection } from "./connection.ts";
import { keepOpen } from "./keep-open.ts";
import { openConfirmChannel } from "./open-channel.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { redeclareMissing } from "./redeclare-missing.ts";
import { refuse, Unconfirmed, type Pending } from "./unconfirmed.ts";

/** Publishes with confirms on a channel of its own. */
export interface Publisher {
  /**
   * Resolves once the broker has confirmed the message. Waits while there is no connection, the broker is blocked
   * or too much is unconfirmed; the signal ends that waiting, not the wait for a confirm once it was sent.
   * @throws PublishError, or the signal's reason
   */
  publish(message: OutgoingMessage, signal?: AbortSignal): Promise<void>;
  /** Refuses what was not sent, waits for the confirms of what was, closes the channel. The connection stays. */
  close(): Promise<void>;
}

export interface PublisherOptions {
  /** Messages that may be unconfirmed at once. */
  readonly window?: number;
  readonly confirmTimeoutMs?: number;
  /** The channel ended and is opened again. */
  readonly onChannelLost?: (error: Error, retryInMs: number) => void;
}

/** Publishes persistent, mandatory, confirmed, in the order of the calls while nothing fails. */
export function createPublisher(connection: BrokerConnection, options: PublisherOptions = {}): Publisher {
  return new ConfirmingPublisher(connection, options);
}

/** One call of `publish` that cannot be sent yet. */
interface Waiting extends Pending {
  stopListening: (() => void) | undefined;
}

class ConfirmingPublisher implements Publisher {
  readonly #connection: BrokerConnection;
  readonly #window: number;
  readonly #closing = new AbortController();
  readonly #closeWanted = Promise.withResolvers<void>();
  readonly #channels: Promise<void>;
  /** Not sent yet, first come first. */
  readonly #waiting = new Set<Waiting>();
  readonly #unconfirmed: Unconfirmed;
  #channel: ConfirmChannel | undefined;
  #hasRoom = true;
  #giveUpChannel: (() => void) | undefined;

  constructor(connection: BrokerConnection, options: PublisherOptions) {
    this.#connection = connection;
    this.#window = options.window ?? 1_000;
    this.#unconfirmed = new Unconfirmed({
      confirmTimeoutMs: options.confirmTimeoutMs ?? 15_000,
      isBlocked: () => connection.isBlocked(),
      // A late confirm costs the channel, and with it everything unconfirmed, so that no message stays in the window for ever.
      onLate: () => this.#giveUpChannel?.(),
    });
    this.#channels = keepOpen(() => redeclareMissing(connection, () => this.#session()), {
      signal: this.#closing.signal,
      onEnded: (error, retryInMs) => options.onChannelLost?.(error, retryInMs),
    });
  }

  publish(message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pending = { message, resolve, reject, stopListening: undefined };
    if (this.#closing.signal.aborted) refuse(pending, "closed");
    else if (signal?.aborted === true) reject(signal.reason);
    else if (this.#waiting.size === 0 && this.#canSend()) this.#send(pending);
    else this.#wait(pending, signal);
    return promise;
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#closeWanted.resolve();
      this.#refuseWaiting();
    }
    await this.#channels;
  }

  /** One channel, from its opening to its end. */
  async #session(): Promise<void> {
    const model = await this.#connection.open(this.#closing.signal);
    const { channel, ended } = await openConfirmChannel(model);
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    this.#giveUpChannel = () => giveUp(new Error("the broker stopped confirming"));
    channel.on("return", (message: Message) => this.#unconfirmed.returned(message));
    channel.on("drain", () => this.#resume());
    const unfollow = this.#followUnblocking(model);
    try {
      this.#channel = channel;
      this.#resume();
      await Promise.race([ended, givenUp, this.#closed()]);
    } finally {
      this.#channel = undefined;
      unfollow();
      this.#unconfirmed.lose();
      await closeInTime(channel);
    }
  }

  /** Resolves once this is being closed and no confirm is due any more. */
  async #closed(): Promise<void> {
    await this.#closeWanted.promise;
    await this.#unconfirmed.empty();
  }

  #followUnblocking(model: ChannelModel): () => void {
    const onUnblocked = (): void => {
      this.#unconfirmed.unblocked();
      this.#sendWaiting();
    };
    model.on("unblocked", onUnblocked);
    return () => model.off("unblocked", onUnblocked);
  }

  #canSend(): boolean {
    if (this.#channel === undefined || !this.#hasRoom) return false;
    return this.#unconfirmed.size < this.#window && !this.#connection.isBlocked();
  }

  #wait(pending: Waiting, signal: AbortSignal | undefined): void {
    this.#waiting.add(pending);
    if (signal === undefined) return;
    const onAbort = (): void => {
      if (this.#waiting.delete(pending)) pending.reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    pending.stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  #resume(): void {
    this.#hasRoom = true;
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const pending of this.#waiting) {
      if (!this.#canSend()) return;
      this.#waiting.delete(pending);
      pending.stopListening?.();
      this.#send(pending);
    }
  }

  #send(pending: Pending): void {
    const { exchange, routingKey, body, properties } = pending.message;
    const id = this.#unconfirmed.newId();
    const options = { ...properties, persistent: true, mandatory: true };
    try {
      this.#hasRoom =
        this.#channel?.publish(exchange, routingKey, body, options, (error) => this.#confirmed(id, error)) ??
        false;
    } catch (error) {
      this.#refusedByClient(pending, error);
      return;
    }
    this.#unconfirmed.add(id, pending);
  }

  /** Nothing was written: amqplib encodes first. */
  #refusedByClient(pending: Pending, error: unknown): void {
    const isLost = error instanceof IllegalOperationError;
    if (isLost) this.#channel = undefined; // as in #confirmed
    refuse(pending, isLost ? "connection-lost" : "unencodable", error);
  }

  #confirmed(id: number, error: unknown): void {
    const kind = error === null ? undefined : nackOrLoss(error);
    if (!this.#unconfirmed.confirmed(id, kind && { kind, cause: error })) return;
    if (kind === "connection-lost") this.#channel = undefined; // the session hears of it in a moment
    this.#sendWaiting();
  }

  #refuseWaiting(): void {
    for (const pending of this.#waiting) {
      this.#waiting.delete(pending);
      pending.stopListening?.();
      refuse(pending, "closed");
    }
  }
}

/** amqplib tells the two apart by their text only. */
function nackOrLoss(error: unknown): "nacked" | "connection-lost" {
  return error instanceof Error && error.message === "message nacked" ? "nacked" : "connection-lost";
}
