import { setTimeout as sleep } from "node:timers/promises";

/** Lateness that is made up for: what timers and a busy machine cause, but not a broker that was away. */
const MOST_LATE_MS = 100;

/** Spaces things evenly. */
export class Pace {
  readonly #gapMs: number;
  #nextAt = performance.now();

  /** @param perSecond may be Infinity */
  constructor(perSecond: number) {
    this.#gapMs = 1_000 / perSecond;
  }

  /** Resolves when it is the next one's turn, or rejects with an AbortError. To be awaited one at a time. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(this.#nextAt, now - MOST_LATE_MS);
    this.#nextAt = at + this.#gapMs;
    if (at - now >= 1) await sleep(at - now, undefined, { signal });
  }
}
