/** Who waits for a permit. */
export interface Waiter {
  /** Which call of its transaction it waits for, from 1. */
  readonly call: number;
  /** 0 goes first, 9 last. */
  readonly priority: number;
  /** Since when; monotonic milliseconds. */
  readonly sinceMs: number;
}

/** Those of one priority, first come first. */
export interface Line<W extends Waiter> {
  readonly priority: number;
  readonly waiters: Set<W>;
}

/** So many permits in a row may pass over those who are less urgent; the next one is for whoever waits longest. */
const MOST_OVERTAKINGS = 9;

/** All who wait for a permit, a line for each priority. */
export class WaitingLines<W extends Waiter> {
  readonly #lines = new Map<number, Line<W>>();
  #overtakings = 0;

  get size(): number {
    return [...this.#lines.values()].reduce((sum, { waiters }) => sum + waiters.size, 0);
  }

  all(): W[] {
    return [...this.#lines.values()].flatMap(({ waiters }) => Array.from(waiters));
  }

  join(waiter: W): Line<W> {
    const line = this.#lines.get(waiter.priority) ?? { priority: waiter.priority, waiters: new Set() };
    this.#lines.set(waiter.priority, line);
    line.waiters.add(waiter);
    return line;
  }

  leave(waiter: W): void {
    this.#lines.get(waiter.priority)?.waiters.delete(waiter);
  }

  /**
   * Whose the permit is that `asking` was granted: it belongs to the most urgent one, who may have come only after
   * the question, or, every tenth time, to the one who waits longest. A permit for an early call is not for a later one.
   */
  recipient(asking: W): W {
    const heads = [...this.#lines.values()]
      .map(({ waiters: [head] }) => head)
      .filter((head) => head !== undefined)
      .filter((head) => head === asking || head.call <= asking.call);
    if (heads.length < 2) return heads[0] ?? asking;
    const mostUrgent = heads.reduce((a, b) => (b.priority < a.priority ? b : a));
    this.#overtakings += 1;
    if (this.#overtakings <= MOST_OVERTAKINGS) return mostUrgent;
    this.#overtakings = 0;
    return heads.reduce((a, b) => (b.sinceMs < a.sinceMs ? b : a));
  }
}
