/**
 * Tells whether a nonce was seen before. Kept in two generations that are changed every `keepMs`, so a nonce
 * is remembered for at least `keepMs` and at most twice as long, without a timer for each.
 */
export class NonceMemory {
  readonly #keepMs: number;
  #generationEndsMs = -Infinity;
  #recent = new Set<string>();
  #older = new Set<string>();

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** True for a nonce that was not seen in the last `keepMs`; it is remembered from now on. */
  isFresh(nonce: string, nowMs: number): boolean {
    this.#turnOver(nowMs);
    if (this.#recent.has(nonce) || this.#older.has(nonce)) return false;
    // A copy: the text is a slice of the request's body, which would be kept with it.
    this.#recent.add(Buffer.from(nonce).toString());
    return true;
  }

  #turnOver(nowMs: number): void {
    if (nowMs < this.#generationEndsMs) return;
    const isOlderStillNeeded = nowMs < this.#generationEndsMs + this.#keepMs;
    this.#older = isOlderStillNeeded ? this.#recent : new Set();
    this.#recent = new Set();
    this.#generationEndsMs = nowMs + this.#keepMs;
  }
}
