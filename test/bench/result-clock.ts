import { EventEmitter, once } from "node:events";
import type { Channel } from "amqplib";
import type { Installation, TransactionBody } from "./installation.ts";

/** A transaction's way through the pipeline. */
export interface TimedResult {
  readonly transactionId: string;
  /** Monotonic milliseconds. */
  readonly publishedAtMs: number;
  /** From publishing to receiving the result, both in this process. */
  readonly ms: number;
}

/** Publishes transactions, consumes results, and takes the time between. */
export class ResultClock {
  readonly #installation: Installation;
  readonly #channel: Channel;
  readonly #events = new EventEmitter();
  readonly #publishedAtMs = new Map<string, number>();
  #results: TimedResult[] = [];

  static async start(installation: Installation): Promise<ResultClock> {
    const clock = new ResultClock(installation, await installation.model.createChannel());
    await clock.#consume();
    return clock;
  }

  private constructor(installation: Installation, channel: Channel) {
    this.#installation = installation;
    this.#channel = channel;
  }

  /** Publishes a body, or the installation's next one. */
  publish(body?: TransactionBody): void {
    const atMs = performance.now();
    this.#publishedAtMs.set(this.#installation.publishOne(body), atMs);
  }

  /** Publishes one, waits for its result, and forgets it: whoever answers is there. */
  async answered(): Promise<void> {
    this.publish();
    await this.allIn();
    this.takeResults();
  }

  /** Resolves when every published transaction has its result. */
  async allIn(): Promise<void> {
    while (this.#publishedAtMs.size > 0) await once(this.#events, "result");
  }

  /** The results since the last time. */
  takeResults(): readonly TimedResult[] {
    const results = this.#results;
    this.#results = [];
    return results;
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  async #consume(): Promise<void> {
    const queue = `${this.#installation.namespace}.results`;
    await this.#channel.consume(queue, (message) => this.#note(String(message?.properties.messageId)), {
      noAck: true,
    });
  }

  #note(transactionId: string): void {
    const publishedAtMs = this.#publishedAtMs.get(transactionId);
    if (publishedAtMs === undefined) return;
    this.#publishedAtMs.delete(transactionId);
    this.#results.push({ transactionId, publishedAtMs, ms: performance.now() - publishedAtMs });
    this.#events.emit("result");
  }
}
