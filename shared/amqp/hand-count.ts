/** Counts what is in hand, and says when the hand is empty. */
export class HandCount {
  #count = 0;
  #whenEmpty: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  take(): void {
    this.#count++;
  }

  release(): void {
    this.#count--;
    if (this.#count === 0) this.#whenEmpty?.();
  }

  /** Resolves once nothing is in hand; to be awaited once, when nothing more is taken. */
  empty(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => (this.#whenEmpty = resolve));
  }
}
