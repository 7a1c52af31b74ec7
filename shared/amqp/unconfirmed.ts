import type { Message } from "amqplib";
import { NumberedRing } from "./numbered-ring.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { PublishError } from "./publish-error.ts";

/** A message on its way, and whom its fate is told. */
export interface Pending {
  readonly message: OutgoingMessage;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface UnconfirmedOptions {
  readonly confirmTimeoutMs: number;
  /** A blocked broker reads nothing, so its time does not count. */
  readonly isBlocked: () => boolean;
  /** Confirms were late; who waited for them has been told. */
  readonly onLate: () => void;
}

interface PublishFailure {
  readonly kind: PublishError["kind"];
  readonly cause: unknown;
}

interface Sent {
  readonly pending: Pending;
  readonly atMs: number;
  wasReturned: boolean;
}

/** What was sent and waits for the broker's word, oldest first. One timer for all: the oldest is the first to be late. */
export class Unconfirmed {
  readonly #options: UnconfirmedOptions;
  readonly #sent = new NumberedRing<Sent>();
  #lastId = 0;
  #unblockedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: UnconfirmedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sent.size;
  }

  /** Resolves once no word is due any more; to be awaited once, when nothing more is sent. */
  async empty(): Promise<void> {
    if (this.#sent.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  /** Before it is sent: the name by which `confirmed` will be told of it. */
  newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(id: number, pending: Pending): void {
    this.#sent.add(id, { pending, atMs: performance.now(), wasReturned: false });
    this.#timer ??= setTimeout(() => this.#check(), this.#options.confirmTimeoutMs);
  }

  /**
   * Comes before the confirm of the same message, and names it by nothing but what it is: message ids may be absent
   * or repeated, and a number of our own would stay on every message that is delivered. Of several with the same body
   * and target it does not matter which one is published again.
   */
  returned(message: Message): void {
    for (const sent of this.#sent.values()) {
      if (sent.wasReturned || !isSame(sent.pending.message, message)) continue;
      sent.wasReturned = true;
      return;
    }
  }

  /** The broker's word, or a failure of its channel. False for one that nobody waits for: its channel was given up before. */
  confirmed(id: number, failure: PublishFailure | undefined): boolean {
    const sent = this.#sent.take(id);
    if (sent === undefined) return false;
    const { pending, wasReturned } = sent;
    if (failure !== undefined) refuse(pending, failure.kind, failure.cause);
    else if (wasReturned) refuse(pending, "unroutable");
    else pending.resolve();
    if (this.#sent.size === 0) this.#emptied?.();
    return true;
  }

  /** The broker reads again. */
  unblocked(): void {
    this.#unblockedAtMs = performance.now();
  }

  /** Their channel is gone. */
  lose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#refuseOldest("connection-lost"));
  }

  #check(): void {
    this.#timer = undefined;
    const oldest = this.#sent.oldest();
    if (oldest === undefined) return;
    const lateInMs = this.#lateInMs(oldest);
    if (lateInMs <= 0) this.#expire();
    else this.#timer = setTimeout(() => this.#check(), lateInMs);
  }

  #lateInMs({ atMs }: Sent): number {
    const { confirmTimeoutMs, isBlocked } = this.#options;
    if (isBlocked()) return confirmTimeoutMs;
    return Math.max(atMs, this.#unblockedAtMs) + confirmTimeoutMs - performance.now();
  }

  #expire(): void {
    for (let sent = this.#sent.oldest(); sent !== undefined; sent = this.#sent.oldest()) {
      if (this.#lateInMs(sent) > 0) break;
      this.#refuseOldest("timed-out");
    }
    this.#options.onLate();
  }

  #refuseOldest(kind: PublishError["kind"]): boolean {
    const sent = this.#sent.takeOldest();
    if (sent !== undefined) refuse(sent.pending, kind);
    return sent !== undefined;
  }
}

/** Tells that it is not known to be safe, and why. */
export function refuse(pending: Pending, kind: PublishError["kind"], cause?: unknown): void {
  const { exchange, routingKey } = pending.message;
  pending.reject(new PublishError(kind, `${exchange || "default exchange"} ${routingKey}`, cause));
}

function isSame({ exchange, routingKey, body }: OutgoingMessage, { fields, content }: Message): boolean {
  return fields.exchange === exchange && fields.routingKey === routingKey && body.equals(content);
}
