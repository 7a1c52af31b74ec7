import { sortOf, type FailureRecord } from "../../shared/domain/failure-record.ts";

/** One failure, as whoever met it tells it. */
export type NotedFailure = Omit<FailureRecord, "count" | "atMs" | "worker">;

export interface FailureBookOptions {
  readonly worker: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** However much goes wrong, so much is written at most: so many sorts, each second. */
const WRITE_EVERY_MS = 1_000;
const MOST_SORTS = 50;

/** Counts failures by their sort and writes them down once a second, and never when there are none. */
export class FailureBook {
  readonly #options: FailureBookOptions;
  #bySort = new Map<string, FailureRecord>();
  #write: ((failures: readonly FailureRecord[]) => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FailureBookOptions) {
    this.#options = options;
  }

  /** Costs a map's entry: what fails may come by the thousand. */
  note(failure: NotedFailure): void {
    const sort = sortOf(failure);
    const earlier = this.#bySort.get(sort);
    if (earlier === undefined && this.#bySort.size >= MOST_SORTS) return;
    const { worker, now } = this.#options;
    this.#bySort.set(sort, { ...failure, count: (earlier?.count ?? 0) + 1, atMs: now(), worker });
    this.#schedule();
  }

  /** From here on it is written. What cannot be is kept, and written with what comes next. */
  writeTo(write: (failures: readonly FailureRecord[]) => Promise<void>): void {
    this.#write = write;
    this.#schedule();
  }

  /** Writes what is left. Never rejects. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const written = this.#flush();
    this.#write = undefined;
    await written;
  }

  #schedule(): void {
    if (this.#write === undefined || this.#bySort.size === 0) return;
    this.#timer ??= setTimeout(() => void this.#flush(), WRITE_EVERY_MS);
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    const failures = this.#bySort;
    if (this.#write === undefined || failures.size === 0) return;
    this.#bySort = new Map();
    try {
      await this.#write([...failures.values()]);
    } catch {
      // That Redis is away is told by those who need it.
      for (const [sort, failure] of failures) this.#putBack(sort, failure);
      this.#schedule();
    }
  }

  #putBack(sort: string, failure: FailureRecord): void {
    const newer = this.#bySort.get(sort);
    this.#bySort.set(sort, { ...(newer ?? failure), count: failure.count + (newer?.count ?? 0) });
  }
}
