/** A connection that is opened when it is wanted, kept while it works, and opened anew where it does not. */
export class KeptConnection<C> {
  readonly #open: () => Promise<C>;
  readonly #close: (connection: C) => Promise<void>;
  #connection: C | undefined;

  constructor(open: () => Promise<C>, close: (connection: C) => Promise<void>) {
    this.#open = open;
    this.#close = close;
  }

  /** Asks over the connection; where a kept one has failed, once more over a new one. */
  async use<T>(ask: (connection: C) => Promise<T>): Promise<T> {
    const isKept = this.#connection !== undefined;
    try {
      this.#connection ??= await this.#open();
      return await ask(this.#connection);
    } catch (error) {
      await this.close();
      if (!isKept) throw error;
    }
    return this.use(ask);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) await this.#close(connection);
  }
}
