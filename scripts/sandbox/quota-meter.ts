/** At most `calls` calls in any stretch of `windowMs` milliseconds. */
export interface QuotaWindow {
  readonly calls: number;
  readonly windowMs: number;
}

/** The most calls that one sliding window ever held. */
export interface WindowPeak extends QuotaWindow {
  readonly busiest: number;
}

interface Window extends QuotaWindow {
  /** Number of the oldest call that is still inside the window. */
  oldest: number;
  busiest: number;
}

/**
 * Counts calls in sliding windows, exactly. Calls are numbered as they arrive and share one ring of arrival
 * times; each window only remembers where it begins. Memory: eight bytes per call in the longest window.
 * A window is half open: a call is out of a window of one second when exactly one second has passed.
 */
export class QuotaMeter {
  readonly #windows: readonly Window[];
  #arrived = 0;
  #arrivalMs = new Float64Array(1_024);

  constructor(windows: readonly QuotaWindow[]) {
    this.#windows = windows.map(({ calls, windowMs }) => ({ calls, windowMs, oldest: 0, busiest: 0 }));
  }

  /**
   * Counts one call and tells whether every window still holds no more than its share of the quota. What is
   * beyond the quota counts like the rest. `nowMs` never decreases from call to call.
   */
  count(nowMs: number, share = 1): boolean {
    this.#append(nowMs);
    let isWithin = true;
    for (const window of this.#windows) {
      while (this.#arrivalMsOf(window.oldest) <= nowMs - window.windowMs) window.oldest += 1;
      const calls = this.#arrived - window.oldest;
      window.busiest = Math.max(window.busiest, calls);
      if (calls > limitOf(window, share)) isWithin = false;
    }
    return isWithin;
  }

  /** The calls inside the first window at this moment. */
  current(nowMs: number): number {
    const [window] = this.#windows;
    if (window === undefined) return 0;
    let oldest = window.oldest;
    while (oldest < this.#arrived && this.#arrivalMsOf(oldest) <= nowMs - window.windowMs) oldest += 1;
    return this.#arrived - oldest;
  }

  peaks(): WindowPeak[] {
    return this.#windows.map(({ calls, windowMs, busiest }) => ({ calls, windowMs, busiest }));
  }

  #append(nowMs: number): void {
    const oldestNeeded = Math.min(this.#arrived, ...this.#windows.map(({ oldest }) => oldest));
    if (this.#arrived - oldestNeeded === this.#arrivalMs.length) this.#grow(oldestNeeded);
    this.#arrivalMs[this.#arrived % this.#arrivalMs.length] = nowMs;
    this.#arrived += 1;
  }

  #grow(oldestNeeded: number): void {
    const larger = new Float64Array(this.#arrivalMs.length * 2);
    for (let call = oldestNeeded; call < this.#arrived; call += 1) {
      larger[call % larger.length] = this.#arrivalMsOf(call);
    }
    this.#arrivalMs = larger;
  }

  #arrivalMsOf(call: number): number {
    return this.#arrivalMs[call % this.#arrivalMs.length] ?? NaN;
  }
}

/** A lowered quota still lets one call through. */
function limitOf({ calls }: QuotaWindow, share: number): number {
  return share < 1 ? Math.max(1, Math.floor(calls * share)) : calls;
}
