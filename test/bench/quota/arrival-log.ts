import { EventEmitter, once } from "node:events";

interface Arrival {
  readonly transactionId: string;
  /** Monotonic milliseconds of this process, in which the sandbox runs. */
  readonly atMs: number;
}

/** The calls that arrived at the sandbox and were not refused by its quota, in their order. */
export class ArrivalLog {
  readonly #arrivals: Arrival[] = [];
  readonly #events = new EventEmitter();

  note(transactionId: string): void {
    this.#arrivals.push({ transactionId, atMs: performance.now() });
    this.#events.emit("arrival");
  }

  get count(): number {
    return this.#arrivals.length;
  }

  /** Those after `fromMs`, up to `toMs`. */
  between(fromMs: number, toMs = Infinity): number[] {
    return this.#arrivals.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs <= toMs);
  }

  /** The last of them that arrived in so many milliseconds. */
  countOfLast(ms: number): number {
    const fromMs = performance.now() - ms;
    return this.#arrivals.length - 1 - this.#arrivals.findLastIndex(({ atMs }) => atMs <= fromMs);
  }

  /** When a transaction's first call arrived. */
  firstOf(transactionId: string): number | undefined {
    return this.#arrivals.find((arrival) => arrival.transactionId === transactionId)?.atMs;
  }

  /** How many calls were for transactions whose id begins so, from a moment on. */
  countOf(idPrefix: string, fromMs: number): number {
    return this.#arrivals.filter(
      ({ transactionId, atMs }) => atMs > fromMs && transactionId.startsWith(idPrefix),
    ).length;
  }

  /** Whether the condition comes to hold within so long; looked at on each arrival. */
  async comesTo(condition: () => boolean, withinMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(withinMs);
    while (!condition()) {
      const isLate = await once(this.#events, "arrival", { signal }).then(
        () => false,
        () => true,
      );
      if (isLate) return condition();
    }
    return true;
  }
}
