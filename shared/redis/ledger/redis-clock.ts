/** A reply within so long tells the time well enough. */
const PROMPT_MS = 250;

/** What this machine's clock is corrected by: Redis' clock, as its replies tell it along the way. */
export class RedisClock {
  #offsetMs = 0;
  /** Of the reply that told the time; whatever is prompt is as good. */
  #roundTripMs = Infinity;

  /** Redis' clock minus this machine's, as of the last prompt answer. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * Redis spoke somewhere between question and answer: taking the middle is wrong by half of the round trip at most. What
   * came back late is taken only where nothing better is known.
   */
  heard(redisMs: number, roundTripMs: number): void {
    if (roundTripMs >= PROMPT_MS && roundTripMs >= this.#roundTripMs) return;
    this.#offsetMs = redisMs - (Date.now() - roundTripMs / 2);
    this.#roundTripMs = Math.max(roundTripMs, PROMPT_MS);
  }
}
