import { LedgerMemory, type Memorable, type Seed } from "./ledger-memory.ts";

/** From which second and minute on a heartbeat asks for the calls. */
interface Wanted {
  readonly second: number;
  readonly minute: number;
  /** False: all of them. */
  readonly isPart: boolean;
}

/** What a ledger said of itself: which one it is, and when, on Redis' clock and on one of ours that only runs forward. */
interface Heard {
  readonly generation: string;
  readonly redisMs: number;
  readonly localMs: number;
}

/**
 * Which ledger a replica has met, and what it remembers of it. Where Redis has lost the ledger, the next question begins
 * another one, with a generation of its own; that one is given what is remembered of the one before.
 */
export class KnownLedger {
  readonly #memory = new LedgerMemory();
  /** As it was last met; empty before. */
  #met = "";
  /** The ledger that the memory is of. */
  #remembered = "";
  /** The ledger that needs nothing from the memory any more. */
  #seeded = "";

  /** Told with each question: a ledger that is another one may have forgotten calls that were made. */
  get generation(): string {
    return this.#met;
  }

  /** Freeze and permission hold as they are remembered; empty where there is none. */
  get holds(): readonly Readonly<Record<string, string>>[] {
    return this.#memory.holds;
  }

  /** True where it is another ledger than the one that was met before. */
  meet(generation: string): boolean {
    const isAnother = this.#met !== "" && this.#met !== generation;
    this.#met = generation;
    return isAnother;
  }

  get wanted(): Wanted {
    const isPart = this.#remembered !== "" && this.#remembered === this.#met;
    return isPart ? { ...this.#memory.wanted, isPart } : { second: 0, minute: 0, isPart };
  }

  /** A heartbeat got no answer. */
  noteSilence(localMs: number): void {
    this.#memory.noteSilence(localMs);
  }

  /** What this ledger has yet to be given, for seed.lua; undefined where it needs nothing. */
  owedTo({ generation, redisMs, localMs }: Heard): Seed | undefined {
    return this.#seeded === generation ? undefined : this.#memory.seed(redisMs, localMs);
  }

  /** It was given what it was owed, or was owed nothing. */
  noteSeeded(generation: string): void {
    this.#seeded = generation;
  }

  /** Remembers what a heartbeat that asked so heard. Of another ledger than the remembered one, a part is worth nothing. */
  absorb(memorable: Memorable, { generation, redisMs, localMs }: Heard, { isPart }: Wanted): void {
    if (isPart && this.#remembered !== generation) return;
    this.#memory.absorb(memorable, redisMs, localMs);
    this.#remembered = generation;
  }
}
