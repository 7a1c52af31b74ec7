import { createRandom, type Random } from "../sandbox/random.ts";
import { Hand, type PlannedTransaction } from "./hand.ts";
import type { PlanOptions } from "./plan-options.ts";
import type { Tally } from "./tally.ts";

/** A transaction as it is taken up: one that needs a call, or how one ended that needs none. */
export type TakenUp =
  | { readonly kind: "call"; readonly transaction: PlannedTransaction }
  | { readonly kind: "ended"; readonly ending: "cache" | "below-threshold"; readonly arrivedAtMs: number };

/** The queue of a plan: the arrivals in order, taken up as there is room for them. */
export class Intake {
  readonly #options: PlanOptions;
  readonly #tally: Tally;
  readonly #hand: Hand;
  /** Drawn one at a time: a queue of millions takes no memory. */
  readonly #arrivals: Iterator<number>;
  readonly #kinds: Random;
  #nextArrivalMs = Infinity;

  constructor(options: PlanOptions, tally: Tally) {
    this.#options = options;
    this.#tally = tally;
    this.#hand = new Hand(options.replicas * options.handPerReplica);
    this.#arrivals = arrivalTimes(options);
    this.#kinds = createRandom(options.seed + 2);
    this.#fetch();
  }

  /** When the next one can be taken up, if nobody is done before. In a hold nobody stays in hand. */
  nextAtMs(isHeld: boolean): number {
    return Math.max(this.#nextArrivalMs, isHeld ? -Infinity : this.#hand.roomAtMs());
  }

  take(nowMs: number): TakenUp {
    const arrivedAtMs = this.#nextArrivalMs;
    this.#tally.arrival(arrivedAtMs);
    this.#fetch();
    const ending = this.#drawEnding();
    if (ending !== undefined) return { kind: "ended", ending, arrivedAtMs };
    return { kind: "call", transaction: this.#hand.takeUp(arrivedAtMs, nowMs) };
  }

  putDown(transaction: PlannedTransaction): void {
    this.#hand.putDown(transaction);
  }

  /** Counts those that nobody took up. */
  close(): void {
    for (; this.#nextArrivalMs < Infinity; this.#fetch()) this.#tally.arrival(this.#nextArrivalMs);
  }

  #fetch(): void {
    const next = this.#arrivals.next();
    this.#nextArrivalMs = next.done === true ? Infinity : next.value;
  }

  #drawEnding(): "cache" | "below-threshold" | undefined {
    const { belowThreshold, returning } = this.#options;
    if (belowThreshold + returning === 0) return undefined;
    const drawn = this.#kinds();
    if (drawn < belowThreshold) return "below-threshold";
    return drawn < belowThreshold + returning ? "cache" : undefined;
  }
}

/** The backlog first, then the arrivals of the plan's duration. */
function* arrivalTimes({ arrivals, backlog, durationMs, seed }: PlanOptions): Generator<number> {
  for (let count = 0; count < backlog; count += 1) yield 0;
  for (const atMs of arrivals.times(createRandom(seed))) {
    if (atMs > durationMs) return;
    yield atMs;
  }
}
