import type {
  Claim,
  ClaimReply,
  History,
  SentReply,
  StoredScore,
  StoreReply,
  StoringClaim,
} from "../../domain/claim.ts";
import type { Hand } from "../../domain/delivery.ts";
import type { Money } from "../../domain/money.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Transaction } from "../../domain/transaction.ts";
import type { Journal } from "./journal.ts";
import { persist, type Patience } from "../persist.ts";

/** The journal as a worker uses it: it waits for Redis, for as long as the delivery may be in hand. */
export class PatientJournal {
  readonly #journal: Journal;
  readonly #options: Patience;

  constructor(journal: Journal, options: Patience) {
    this.#journal = journal;
    this.#options = options;
  }

  newToken(): string {
    return this.#journal.newToken();
  }

  claim(transaction: Transaction, token: string, history: History, hand: Hand): Promise<ClaimReply> {
    return this.#persist(() => this.#journal.claim(transaction, token, history), hand);
  }

  sent(claim: Claim, call: number, permitId: string, nextCallInMs: number, hand: Hand): Promise<SentReply> {
    return this.#persist(() => this.#journal.sent(claim, call, permitId, nextCallInMs), hand);
  }

  unsent(claim: Claim, call: number, permitId: string): Promise<void> {
    return this.#journal.unsent(claim, call, permitId);
  }

  /** Waits until `untilMs`; where that is Infinity, until the last moment. */
  store(
    claim: StoringClaim,
    outcome: Outcome,
    calls: number,
    score: StoredScore | undefined,
    untilMs: number,
  ): Promise<StoreReply> {
    const patience = { signal: this.#options.lastMoment, untilMs };
    return this.#persist(() => this.#journal.store(claim, outcome, calls, score), patience);
  }

  release(claim: Claim): Promise<void> {
    return this.#journal.release(claim);
  }

  putOff(claim: Claim, amount: Money): Promise<void> {
    return this.#journal.putOff(claim, amount);
  }

  #persist<T>(run: () => Promise<T>, { signal, untilMs }: Hand): Promise<T> {
    return persist(run, { ...this.#options, signal, untilMs });
  }
}
