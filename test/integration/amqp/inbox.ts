/** What happened and was not looked at yet; tests wait for the next of it. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #readers: ((item: T) => void)[] = [];

  readonly put = (item: T): void => {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader(item);
  };

  next(): Promise<T> {
    const [waiting] = this.#items.splice(0, 1).map((item) => Promise.resolve(item));
    return waiting ?? new Promise((resolve) => this.#readers.push(resolve));
  }

  /** The next one that fits; those before are passed over. */
  async nextWhere(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (fits(item)) return item;
    }
  }
}
