import { YIELDING_PRIORITY } from "../domain/urgency.ts";

/** Who waits for a permit. */
export interface Waiter {
  /** Which call of its transaction it waits for, from 1. */
  readonly call: number;
  /** 0 goes first, 9 last. */
  readonly priority: number;
  /** Among those of one priority, more goes first. */
  readonly value: number;
  /** Since when; monotonic milliseconds. */
  readonly sinceMs: number;
}

/** Those of one priority, in the order in which they came. */
export interface Line<W extends Waiter> {
  readonly priority: number;
  readonly waiters: Set<W>;
}

/** So many permits in a row may pass over whoever waits longest; the next one is theirs. */
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

  /** Who asks when it is the line's turn: its foremost, or whoever waits longest of all where nobody may pass them over. */
  asker(line: Line<W>): W | undefined {
    const longest = this.#overtakings >= MOST_OVERTAKINGS ? this.#longestWaiting() : undefined;
    return longest ?? foremost(line.waiters);
  }

  /**
   * Whose the permit is that `asking` was granted: it belongs to the foremost one, who may have come only after the
   * question, unless whoever waits longest asked, and may not be passed over. A permit for an early call is not for a
   * later one.
   */
  recipient(asking: W): W {
    return this.#choose(asking.call, asking) ?? asking;
  }

  /** Whose a further permit is that came with one for call number `call`; undefined where nobody can use it any more. */
  furtherRecipient(call: number): W | undefined {
    return this.#choose(call, this.#longestWaiting());
  }

  /** How many could use a permit for call number `call`, of those who need not yield; counted up to `most`. */
  countFor(call: number, most: number): number {
    let count = 0;
    for (const { priority, waiters } of this.#lines.values()) {
      if (priority === YIELDING_PRIORITY) continue;
      for (const waiter of waiters) {
        if (count >= most) return count;
        if (waiter.call <= call) count += 1;
      }
    }
    return count;
  }

  /** The foremost one who can use it, but for `entitled` where they wait longest and may not be passed over. */
  #choose(call: number, entitled: W | undefined): W | undefined {
    const longest = this.#longestWaiting();
    const isTheirTurn =
      longest !== undefined &&
      longest === entitled &&
      longest.call <= call &&
      this.#overtakings >= MOST_OVERTAKINGS;
    const next = isTheirTurn ? longest : this.#foremostFor(call);
    if (next === undefined) return undefined;
    this.#overtakings = longest === undefined || next === longest ? 0 : this.#overtakings + 1;
    return next;
  }

  #foremostFor(call: number): W | undefined {
    let best: W | undefined;
    for (const { waiters } of this.#lines.values()) {
      for (const waiter of waiters) {
        if (waiter.call <= call && (best === undefined || goesBefore(waiter, best))) best = waiter;
      }
    }
    return best;
  }

  /** Of those who need not yield. */
  #longestWaiting(): W | undefined {
    let longest: W | undefined;
    for (const line of this.#lines.values()) {
      if (line.priority === YIELDING_PRIORITY) continue;
      const [head] = line.waiters;
      if (head !== undefined && (longest === undefined || head.sinceMs < longest.sinceMs)) longest = head;
    }
    return longest;
  }
}

function foremost<W extends Waiter>(waiters: Iterable<W>): W | undefined {
  let best: W | undefined;
  for (const waiter of waiters) if (best === undefined || goesBefore(waiter, best)) best = waiter;
  return best;
}

function goesBefore(a: Waiter, b: Waiter): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority;
  return a.value === b.value ? a.sinceMs < b.sinceMs : a.value > b.value;
}
