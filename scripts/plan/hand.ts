import { Fifo } from "./fifo.ts";
import { PATIENCE_MS } from "./replica-pace.ts";

/** A transaction that needs a call. */
export interface PlannedTransaction {
  readonly arrivedAtMs: number;
  readonly takenUpAtMs: number;
  calls: number;
  /** Takes up room at a replica. */
  isInHand: boolean;
}

/** What all replicas together hold: whoever waits for too long is moved aside, and makes room. */
export class Hand {
  readonly #room: number;
  /** Oldest first, and among them some that are no longer in hand. */
  readonly #transactions = new Fifo<PlannedTransaction>();
  #count = 0;

  constructor(room: number) {
    this.#room = room;
  }

  takeUp(arrivedAtMs: number, nowMs: number): PlannedTransaction {
    this.#moveAside(nowMs);
    const transaction = { arrivedAtMs, takenUpAtMs: nowMs, calls: 0, isInHand: true };
    this.#transactions.push(transaction);
    this.#count += 1;
    return transaction;
  }

  putDown(transaction: PlannedTransaction): void {
    if (!transaction.isInHand) return;
    transaction.isInHand = false;
    this.#count -= 1;
  }

  /** When there is room for another one, if nobody is done before. */
  roomAtMs(): number {
    if (this.#count < this.#room) return -Infinity;
    const oldest = this.#oldest();
    return oldest === undefined ? -Infinity : oldest.takenUpAtMs + PATIENCE_MS;
  }

  #moveAside(nowMs: number): void {
    for (
      let oldest = this.#oldest();
      oldest !== undefined && oldest.takenUpAtMs + PATIENCE_MS <= nowMs;
      oldest = this.#oldest()
    ) {
      this.putDown(oldest);
    }
  }

  /** Of those in hand. */
  #oldest(): PlannedTransaction | undefined {
    for (;;) {
      const oldest = this.#transactions.peek();
      if (oldest === undefined || oldest.isInHand) return oldest;
      this.#transactions.shift();
    }
  }
}
