/** So many different transactions in a row with one unknown code: it is not about the transactions. */
const SUSPICIOUS_AFTER = 5;

/** Watches for a code that the table does not know and that every transaction meets. */
export class UnknownCodeStreak {
  #code: string | undefined;
  readonly #transactions = new Set<string>();

  /** Counts one more; true where the code must be taken for a fault of ours. */
  isSuspicious(code: string, transactionId: string): boolean {
    if (code !== this.#code) this.reset();
    this.#code = code;
    if (this.#transactions.size < SUSPICIOUS_AFTER) this.#transactions.add(transactionId);
    return this.#transactions.size >= SUSPICIOUS_AFTER;
  }

  /** Any other answer ends the streak. */
  reset(): void {
    this.#code = undefined;
    this.#transactions.clear();
  }
}
