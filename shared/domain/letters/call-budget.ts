/**
 * Calls that a replay may cause, as a share of a quota. What a letter may cost is taken before it is put back; what it
 * did not need comes back with its outcome. So in no stretch of time more calls are caused than its share, and
 * `burst` more.
 */
export class CallBudget {
  readonly #burst: number;
  #perMs: number;
  #calls: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#calls = burst;
    this.#atMs = nowMs;
  }

  /** The quota changed. */
  setRate(perSecond: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#perMs = perSecond / 1_000;
  }

  /** Takes them where there are as many, and gives 0; else how many ms it takes until there are. */
  take(calls: number, nowMs: number): number {
    this.#refill(nowMs);
    if (this.#calls >= calls) {
      this.#calls -= calls;
      return 0;
    }
    return Math.ceil((calls - this.#calls) / this.#perMs);
  }

  giveBack(calls: number): void {
    this.#calls = Math.min(this.#burst, this.#calls + calls);
  }

  #refill(nowMs: number): void {
    this.#calls = Math.min(this.#burst, this.#calls + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
