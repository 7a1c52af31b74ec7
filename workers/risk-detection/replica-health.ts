import type { Readiness } from "../../shared/process/http-endpoint.ts";

/** While Redis fails, it is said again as often. */
const SAY_AGAIN_MS = 60_000;
/**
 * It is back once nothing has failed for so long: a full Redis answers some commands and refuses others, and each change
 * would be a line in the log and a replica taken out of service, or put back. What fails is tried again after a second at
 * the latest, and may take two to fail; the heartbeat asks each second.
 */
const CALM_MS = 3_500;

/**
 * Whether this replica can work. A hold does not make it unready: a hold is nothing that a restart mends, and no
 * fix could be rolled out while it stands.
 */
export class ReplicaHealth {
  readonly #queues: number;
  readonly #subscribed = new Set<string>();
  #redis: "unknown" | "up" | "down" = "unknown";
  #failedAtMs = -Infinity;
  #saidAtMs = -Infinity;
  #isStopping = false;

  /** `queues`: how many must be consumed. */
  constructor(queues: number) {
    this.#queues = queues;
  }

  /** Redis answered. True where that is news; times are monotonic milliseconds. */
  redisAnswered(nowMs: number): boolean {
    if (this.#redis === "down" && nowMs - this.#failedAtMs < CALM_MS) return false;
    const isNews = this.#redis !== "up";
    this.#redis = "up";
    return isNews;
  }

  /** Redis is away, or refuses a command. True where that should be said: it is news, or was said a minute ago. */
  redisFailed(nowMs: number): boolean {
    const isDue = this.#redis !== "down" || nowMs - this.#saidAtMs >= SAY_AGAIN_MS;
    this.#redis = "down";
    this.#failedAtMs = nowMs;
    if (isDue) this.#saidAtMs = nowMs;
    return isDue;
  }

  subscribed(queue: string): void {
    this.#subscribed.add(queue);
  }

  unsubscribed(queue: string): void {
    this.#subscribed.delete(queue);
  }

  get redisAnswers(): boolean {
    return this.#redis === "up";
  }

  stop(): void {
    this.#isStopping = true;
  }

  readiness(): Readiness {
    const reasons = [
      ...(this.#isStopping ? ["stopping"] : []),
      ...(this.redisAnswers ? [] : ["Redis does not answer"]),
      ...(this.#subscribed.size < this.#queues ? ["not all queues are consumed"] : []),
    ];
    return { ready: reasons.length === 0, reasons };
  }
}
