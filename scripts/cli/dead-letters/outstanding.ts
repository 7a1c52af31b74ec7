import type { RedisClient } from "../../../shared/redis/connection.ts";
import { readPasts, type JournalPast } from "../../../shared/redis/read-past.ts";
import type { ReplayCounts } from "../../../shared/redis/replay-records.ts";
import type { AssessedLetter } from "./assess-letters.ts";

/** A letter that was put back and has no outcome yet. */
interface Waiting {
  readonly transactionId: string;
  readonly instance: string;
  readonly callsBefore: number;
  /** Taken from the budget for it. */
  readonly callsTaken: number;
}

/** Follows in the journal what becomes of the letters that were put back. */
export class Outstanding {
  readonly #client: RedisClient;
  readonly #namespace: string;
  readonly #counts: ReplayCounts;
  #waiting: Waiting[] = [];
  /** Why the last one failed again. */
  lastFailure: string | undefined;

  constructor(client: RedisClient, namespace: string, counts: ReplayCounts) {
    this.#client = client;
    this.#namespace = namespace;
    this.#counts = counts;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add({ letter, transaction, past, prospect }: AssessedLetter): void {
    // What does not parse leaves no trace in the journal, and a conflict none of its own.
    if (!transaction.ok || (prospect.kind === "hopeless" && prospect.why === "conflict")) return;
    const { transactionId } = transaction.value;
    // Of several letters of one transaction, the first makes the calls.
    const isAnother = this.#waiting.some((waiting) => waiting.transactionId === transactionId);
    this.#waiting.push({
      transactionId,
      instance: letter.instance,
      callsBefore: isAnother ? Infinity : Math.max(letter.attempts, past?.calls ?? 0),
      callsTaken: prospect.kind === "call" ? prospect.callsLeft : 0,
    });
  }

  /** Gives how many have an outcome since, and how many calls they did not need. */
  async collect(): Promise<{ settled: number; unusedCalls: number }> {
    const looked = this.#waiting;
    const pasts = await readPasts(
      this.#client,
      this.#namespace,
      looked.map(({ transactionId }) => transactionId),
    );
    let unusedCalls = 0;
    const settled = new Set<Waiting>();
    for (const [index, waiting] of looked.entries()) {
      const past = pasts[index];
      if (past === undefined || !isOutcomeOf(past, waiting)) continue;
      settled.add(waiting);
      const calls = Math.max(0, past.calls - waiting.callsBefore);
      unusedCalls += Math.max(0, waiting.callsTaken - calls);
      this.#count(past, calls);
    }
    this.#waiting = this.#waiting.filter((waiting) => !settled.has(waiting));
    return { settled: settled.size, unusedCalls };
  }

  #count({ kind, failure }: JournalPast, calls: number): void {
    this.#counts.calls += calls;
    if (kind === "result") {
      this.#counts.answered += 1;
      return;
    }
    this.#counts.failed += 1;
    this.lastFailure = [failure?.reason, failure?.code].filter((part) => part !== undefined).join(" ");
  }
}

/** A result is one whoever brought it; a dead letter may be the one from before. */
function isOutcomeOf({ kind, instances }: JournalPast, { instance }: Waiting): boolean {
  return kind === "result" || (kind === "dead-letter" && instances.includes(instance));
}
