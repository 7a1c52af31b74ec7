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
    if (this.#items.length === 0) return new Promise((resolve) => this.#readers.push(resolve));
    const [item] = this.#items.splice(0, 1) as [T];
    return Promise.resolve(item);
  }

  /** The next one that fits; those before are passed over. */
  async nextWhere(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (fits(item)) return item;
    }
  }
}
