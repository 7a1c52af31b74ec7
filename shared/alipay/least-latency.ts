const PERIOD_MS = 300_000;

/**
 * The least latency of the last five to ten minutes. A request is at the gateway no later than so long before
 * its answer, but for the way there: what was never faster than this was not slower on the way.
 */
export class LeastLatency {
  #current = Infinity;
  #previous = Infinity;
  #periodEndsMs = 0;

  observe(latencyMs: number, nowMs: number): number {
    if (nowMs >= this.#periodEndsMs) {
      this.#previous = this.#current;
      this.#current = Infinity;
      this.#periodEndsMs = nowMs + PERIOD_MS;
    }
    this.#current = Math.min(this.#current, latencyMs);
    return Math.min(this.#current, this.#previous);
  }
}
