import { readLetter } from "../../../shared/amqp/read-letter.ts";
import { sustainedPerSecond } from "../../../shared/domain/useful-replicas.ts";
import type { Hopeless } from "../../../shared/domain/letters/prospect.ts";
import { isSelected } from "../../../shared/domain/letters/selection.ts";
import { costOfCalls } from "../../../shared/domain/money.ts";
import type { LedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import type { ReplayOrder } from "../../../shared/redis/letters/replay-records.ts";
import { assessLetters, type AssessedLetter, type Assessment, type HeldLetter } from "./assess-letters.ts";
import { holdLetters, type LettersSession } from "./letters-session.ts";
import { SeenLetters } from "./seen-letters.ts";

/** Their bodies are in memory at once: 64 KiB each at most. */
export const LETTERS_AT_ONCE = 1_000;

/** What a replay would do, counted before it does it. */
export interface ReplayPlan {
  /** Letters that are meant, copies not counted. */
  readonly selected: number;
  readonly copies: number;
  /** Would be called, once each where the gateway answers. */
  readonly calls: number;
  readonly withoutCall: number;
  /** Have a result already. */
  readonly answered: number;
  readonly hopeless: Readonly<Record<Hopeless, number>>;
}

/** Looks at every letter that is meant, at most so many at once, and counts. */
export function planReplay(
  session: LettersSession,
  order: ReplayOrder,
  assessment: Assessment,
): Promise<ReplayPlan> {
  return holdLetters(session, "dead-letters replay, counting", async (letters, signal) => {
    const tally = new PlanTally();
    const kept: HeldLetter[] = [];
    await letters.read({
      perChannel: LETTERS_AT_ONCE,
      signal,
      onLetter: ({ message, remove }) => {
        const letter = readLetter(message, session.names.exchanges.transactions);
        if (isSelected(letter, order.selection)) kept.push({ letter, message, remove });
        return "next";
      },
      afterChannel: async () => {
        for (const assessed of await assessLetters(kept.splice(0), assessment)) tally.add(assessed);
        return "next";
      },
    });
    return tally.plan;
  });
}

class PlanTally {
  readonly #letters = new SeenLetters();
  readonly #transactions = new Set<string>();
  readonly plan = {
    selected: 0,
    copies: 0,
    calls: 0,
    withoutCall: 0,
    answered: 0,
    hopeless: { malformed: 0, "unsupported-rail": 0, conflict: 0, expired: 0, "attempts-exhausted": 0 },
  };

  add({ letter, prospect, transaction }: AssessedLetter): void {
    if (!this.#letters.isFirst(letter.instance)) {
      this.plan.copies += 1;
      return;
    }
    this.plan.selected += 1;
    if (prospect.kind === "copy") this.plan.copies += 1;
    else if (prospect.kind === "answered") this.plan.answered += 1;
    else if (prospect.kind === "hopeless") this.plan.hopeless[prospect.why] += 1;
    else if (transaction.ok && this.#isAnother(transaction.value.transactionId)) this.plan.answered += 1;
    else if (prospect.kind === "call") this.plan.calls += 1;
    else this.plan.withoutCall += 1;
  }

  /** Of several letters of one transaction, the first brings the answer. */
  #isAnother(transactionId: string): boolean {
    const sizeBefore = this.#transactions.size;
    this.#transactions.add(transactionId);
    return this.#transactions.size === sizeBefore;
  }
}

/** What the plan costs, and how long it takes at its share of the quota. */
export function priceOfPlan(
  { calls }: ReplayPlan,
  { share }: Pick<ReplayOrder, "share">,
  ledger: Pick<LedgerOverview, "windows">,
  callPrice: number,
) {
  const perSecond = sustainedPerSecond(ledger.windows) * share;
  return { cost: costOfCalls(callPrice, calls), perSecond, durationMs: (calls / perSecond) * 1_000 };
}

export const sumOfHopeless = ({ hopeless }: ReplayPlan): number =>
  Object.values(hopeless).reduce((sum, count) => sum + count, 0);
