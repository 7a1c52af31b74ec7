/** Lateness that is made up for: what timers and a busy machine cause, but not a broker that was away. */
const MOST_LATE_MS = 100;

/** Spaces things evenly. */
export class Pace {
  readonly #gapMs: number;
  #nextAt: number;

  /**
   * @param perSecond may be Infinity
   * @param now any clock's milliseconds
   */
  constructor(perSecond: number, now: number) {
    this.#gapMs = 1_000 / perSecond;
    this.#nextAt = now;
  }

  /** Takes the next turn: milliseconds from now until it comes, 0 where it has come. */
  nextTurnMs(now: number): number {
    const at = Math.max(this.#nextAt, now - MOST_LATE_MS);
    this.#nextAt = at + this.#gapMs;
    return Math.max(0, at - now);
  }
}
