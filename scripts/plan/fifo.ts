const LEAST_CLEARED = 1_024;

/** First in, first out, in constant time on average. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length > 0) this.#head += 1;
    // Cleared once half of it is used up, so that nothing that has left is kept for long.
    if (this.#head >= LEAST_CLEARED && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** From the newest to the oldest. */
  *backwards(): Generator<T> {
    for (let at = this.#items.length - 1; at >= this.#head; at -= 1) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }
}
