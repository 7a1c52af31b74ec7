const PERIOD_MS = 300_000;
/** Fewer answers may all have been slow on the way to the gateway. */
const ANSWERS_NEEDED = 20;

/**
 * The least latency of the last five to ten minutes. A request is at the gateway no later than so long before
 * its answer, but for the way there: what was never faster than this was not slower on the way. 0 until enough
 * answers were seen.
 */
export class LeastLatency {
  #current = Infinity;
  #previous = Infinity;
  #periodEndsMs = 0;
  #answers = 0;

  observe(latencyMs: number, nowMs: number): number {
    if (nowMs >= this.#periodEndsMs) {
      this.#previous = this.#current;
      this.#current = Infinity;
      this.#periodEndsMs = nowMs + PERIOD_MS;
    }
    this.#current = Math.min(this.#current, latencyMs);
    this.#answers += 1;
    return this.#answers < ANSWERS_NEEDED ? 0 : Math.min(this.#current, this.#previous);
  }
}
