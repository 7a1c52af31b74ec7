import { IllegalOperationError, type ChannelModel, type ConfirmChannel, type Message } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import type { BrokerConnection } from "./connection.ts";
import { keepOpen } from "./keep-open.ts";
import { openConfirmChannel } from "./open-channel.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { PublishError } from "./publish-error.ts";
import { redeclareMissing } from "./redeclare-missing.ts";

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

/** One call of `publish`. */
interface Pending {
  readonly message: OutgoingMessage;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  sentAt: number;
  wasReturned: boolean;
  stopListening: (() => void) | undefined;
}

class ConfirmingPublisher implements Publisher {
  readonly #connection: BrokerConnection;
  readonly #window: number;
  readonly #confirmTimeoutMs: number;
  readonly #closing = new AbortController();
  readonly #closeWanted = Promise.withResolvers<void>();
  readonly #channels: Promise<void>;
  /** Not sent yet, first come first. */
  readonly #waiting = new Set<Pending>();
  /** Sent, oldest first. */
  readonly #unconfirmed = new Map<number, Pending>();
  #channel: ConfirmChannel | undefined;
  #hasRoom = true;
  #lastId = 0;
  #unblockedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #giveUpChannel: (() => void) | undefined;
  #flushed: (() => void) | undefined;

  constructor(connection: BrokerConnection, options: PublisherOptions) {
    this.#connection = connection;
    this.#window = options.window ?? 1_000;
    this.#confirmTimeoutMs = options.confirmTimeoutMs ?? 15_000;
    this.#channels = keepOpen(() => redeclareMissing(connection, () => this.#session()), {
      signal: this.#closing.signal,
      onEnded: (error, retryInMs) => options.onChannelLost?.(error, retryInMs),
    });
  }

  publish(message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pending = { message, resolve, reject, sentAt: 0, wasReturned: false, stopListening: undefined };
    if (this.#closing.signal.aborted) reject(new PublishError("closed", target(message)));
    else if (signal?.aborted === true) reject(signal.reason);
    else if (this.#waiting.size === 0 && this.#canSend()) this.#send(pending);
    else this.#wait(pending, signal);
    return promise;
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#closeWanted.resolve();
      for (const pending of this.#waiting) this.#refuse(pending);
    }
    await this.#channels;
  }

  /** One channel, from its opening to its end. */
  async #session(): Promise<void> {
    const model = await this.#connection.open(this.#closing.signal);
    const { channel, ended } = await openConfirmChannel(model);
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    this.#giveUpChannel = () => giveUp(new Error("the broker stopped confirming"));
    channel.on("return", (message: Message) => this.#returned(message));
    channel.on("drain", () => this.#resume());
    const unfollow = this.#followUnblocking(model);
    try {
      this.#channel = channel;
      this.#resume();
      await Promise.race([ended, givenUp, this.#closed()]);
    } finally {
      this.#channel = undefined;
      unfollow();
      this.#loseUnconfirmed();
      await closeInTime(channel);
    }
  }

  /** Resolves once this is being closed and no confirm is due any more. */
  async #closed(): Promise<void> {
    await this.#closeWanted.promise;
    if (this.#unconfirmed.size > 0) await new Promise<void>((resolve) => (this.#flushed = resolve));
  }

  #followUnblocking(model: ChannelModel): () => void {
    const onUnblocked = (): void => {
      this.#unblockedAt = performance.now();
      this.#sendWaiting();
    };
    model.on("unblocked", onUnblocked);
    return () => model.off("unblocked", onUnblocked);
  }

  #canSend(): boolean {
    if (this.#channel === undefined || !this.#hasRoom) return false;
    return this.#unconfirmed.size < this.#window && !this.#connection.isBlocked();
  }

  #wait(pending: Pending, signal: AbortSignal | undefined): void {
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
    const id = ++this.#lastId;
    const options = { ...properties, persistent: true, mandatory: true };
    try {
      this.#hasRoom =
        this.#channel?.publish(exchange, routingKey, body, options, (error) => this.#confirmed(id, error)) ??
        false;
    } catch (error) {
      this.#refusedByClient(pending, error);
      return;
    }
    pending.sentAt = performance.now();
    this.#unconfirmed.set(id, pending);
    this.#timer ??= setTimeout(() => this.#checkConfirms(), this.#confirmTimeoutMs);
  }

  /** Nothing was written: amqplib encodes first. */
  #refusedByClient(pending: Pending, error: unknown): void {
    const isLost = error instanceof IllegalOperationError;
    if (isLost) this.#channel = undefined; // as in #confirmed
    pending.reject(
      new PublishError(isLost ? "connection-lost" : "unencodable", target(pending.message), error),
    );
  }

  /**
   * Comes before the confirm of the same message, and names it by nothing but what it is: message ids may be absent
   * or repeated, and a number of our own would stay on every message that is delivered. Of several with the same body
   * and target it does not matter which one is published again.
   */
  #returned(returned: Message): void {
    for (const pending of this.#unconfirmed.values()) {
      if (pending.wasReturned || !isSame(pending.message, returned)) continue;
      pending.wasReturned = true;
      return;
    }
  }

  #confirmed(id: number, error: unknown): void {
    const pending = this.#unconfirmed.get(id);
    if (pending === undefined) return; // its channel was given up before
    this.#unconfirmed.delete(id);
    const failure = error === null ? undefined : nackOrLoss(error);
    if (failure === "connection-lost") this.#channel = undefined; // the session hears of it in a moment
    if (failure !== undefined) pending.reject(new PublishError(failure, target(pending.message), error));
    else if (pending.wasReturned) pending.reject(new PublishError("unroutable", target(pending.message)));
    else pending.resolve();
    this.#sendWaiting();
    if (this.#unconfirmed.size === 0) this.#flushed?.();
  }

  /**
   * One timer for all: the oldest is the first to be late. A late confirm costs the channel, and with it everything
   * unconfirmed, so that no message stays in the window for ever.
   */
  #checkConfirms(): void {
    this.#timer = undefined;
    const [oldest] = this.#unconfirmed.values();
    if (oldest === undefined) return;
    const lateInMs = this.#lateInMs(oldest);
    if (lateInMs <= 0) this.#expire();
    else this.#timer = setTimeout(() => this.#checkConfirms(), lateInMs);
  }

  /** A blocked broker reads nothing, so its time does not count. */
  #lateInMs({ sentAt }: Pending): number {
    if (this.#connection.isBlocked()) return this.#confirmTimeoutMs;
    return Math.max(sentAt, this.#unblockedAt) + this.#confirmTimeoutMs - performance.now();
  }

  #expire(): void {
    for (const [id, pending] of this.#unconfirmed) {
      if (this.#lateInMs(pending) > 0) break;
      this.#unconfirmed.delete(id);
      pending.reject(new PublishError("timed-out", target(pending.message)));
    }
    this.#giveUpChannel?.();
  }

  #loseUnconfirmed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const pending of this.#unconfirmed.values()) {
      pending.reject(new PublishError("connection-lost", target(pending.message)));
    }
    this.#unconfirmed.clear();
  }

  #refuse(pending: Pending): void {
    this.#waiting.delete(pending);
    pending.stopListening?.();
    pending.reject(new PublishError("closed", target(pending.message)));
  }
}

const target = ({ exchange, routingKey }: OutgoingMessage): string =>
  `${exchange || "default exchange"} ${routingKey}`;

function isSame({ exchange, routingKey, body }: OutgoingMessage, { fields, content }: Message): boolean {
  return fields.exchange === exchange && fields.routingKey === routingKey && body.equals(content);
}

/** amqplib tells the two apart by their text only. */
function nackOrLoss(error: unknown): "nacked" | "connection-lost" {
  return error instanceof Error && error.message === "message nacked" ? "nacked" : "connection-lost";
}
