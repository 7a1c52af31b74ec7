import type { Random } from "../sandbox/random.ts";
import type { Payer } from "./payer.ts";

/**
 * Counted in scored payments between a payer's own and the next visit. Nearer, the first one may still wait for a
 * permit or a retry (two replicas hold up to 252 of them); farther, its score may be forgotten (five minutes).
 */
const DISTANCE = { least: 900, most: 2_500 };
const RETURNING_SHARE = 0.5;
const MOST_VISITS = 4;

interface Visitor {
  readonly payer: Payer;
  /** The how-manieth scored payment was theirs. */
  readonly scored: number;
  visitsLeft: number;
}

/** Payers with a stored score. Each was scored once, so that there is no doubt which score that is. */
export class ReturningPayers {
  readonly #random: Random;
  readonly #visitors: Visitor[] = [];
  #scored = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  noteScored(payer: Payer): void {
    this.#scored += 1;
    if (this.#random() >= RETURNING_SHARE) return;
    const visitsLeft = 1 + Math.floor(this.#random() * MOST_VISITS);
    this.#visitors.push({ payer, scored: this.#scored, visitsLeft });
  }

  /** Whoever comes back now; undefined where nobody was scored long enough ago. */
  next(): Payer | undefined {
    while (this.#scored - (this.#visitors[0]?.scored ?? Infinity) > DISTANCE.most) this.#visitors.shift();
    const [visitor] = this.#visitors;
    if (visitor === undefined || this.#scored - visitor.scored < DISTANCE.least) return undefined;
    visitor.visitsLeft -= 1;
    if (visitor.visitsLeft === 0) this.#visitors.shift();
    return visitor.payer;
  }
}
