import type { NumberedRecord } from "./select-records.ts";

/** A record that was read and is not yet known to be safe, or waits for one before it. */
interface Entry {
  readonly record: NumberedRecord;
  isSettled: boolean;
}

/**
 * The records on their way, in the order of the file. There are at most so many between the first that is not
 * settled and the last that was read, so memory does not grow, and where to go on is always known.
 */
export class RecordsInHand {
  readonly #most: number;
  /** Oldest first. */
  readonly #entries = new Set<Entry>();
  #running = 0;
  #changed = Promise.withResolvers<void>();
  #last: NumberedRecord | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** The record up to which every one is settled. */
  get settledUpTo(): NumberedRecord | undefined {
    return this.#last;
  }

  /** Resolves once there is room for one more, or no work is running that could make any. */
  async room(): Promise<void> {
    while (this.#entries.size >= this.#most && this.#running > 0) await this.#changed.promise;
  }

  /** Resolves once no work is running. */
  async rest(): Promise<void> {
    while (this.#running > 0) await this.#changed.promise;
  }

  /** Runs the work of one record; it is settled where the work says true. The work must not reject. */
  async run(record: NumberedRecord, work: () => Promise<boolean>): Promise<void> {
    const entry = { record, isSettled: false };
    this.#entries.add(entry);
    this.#running += 1;
    entry.isSettled = await work();
    this.#running -= 1;
    this.#advance();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #advance(): void {
    for (const entry of this.#entries) {
      if (!entry.isSettled) return;
      this.#last = entry.record;
      this.#entries.delete(entry);
    }
  }
}
