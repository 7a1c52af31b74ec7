import type { Readiness } from "../../shared/process/http-endpoint.ts";

/**
 * Whether this replica can work. A hold does not make it unready: a hold is nothing that a restart mends, and no
 * fix could be rolled out while it stands.
 */
export class ReplicaHealth {
  readonly #queues: number;
  readonly #subscribed = new Set<string>();
  #isRedisUp = false;
  #isStopping = false;

  /** `queues`: how many must be consumed. */
  constructor(queues: number) {
    this.#queues = queues;
  }

  /** True where that is news. */
  redisIs(state: "up" | "down"): boolean {
    const isNews = this.#isRedisUp !== (state === "up");
    this.#isRedisUp = state === "up";
    return isNews;
  }

  subscribed(queue: string): void {
    this.#subscribed.add(queue);
  }

  unsubscribed(queue: string): void {
    this.#subscribed.delete(queue);
  }

  stop(): void {
    this.#isStopping = true;
  }

  readiness(): Readiness {
    const reasons = [
      ...(this.#isStopping ? ["stopping"] : []),
      ...(this.#isRedisUp ? [] : ["Redis is away"]),
      ...(this.#subscribed.size < this.#queues ? ["not all queues are consumed"] : []),
    ];
    return { ready: reasons.length === 0, reasons };
  }
}
