/** Work that goes on when its delivery is settled. It must not outlive what it works with. */
export class Afterwork {
  readonly #running = new Set<Promise<void>>();

  /** Takes work that never rejects. */
  readonly add = (work: Promise<void>): void => {
    this.#running.add(work);
    void work.then(() => this.#running.delete(work));
  };

  /** Resolves when all that was begun until now is over. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
  }
}
