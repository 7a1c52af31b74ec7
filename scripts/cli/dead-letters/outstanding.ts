import { boundedLine } from "../../../shared/process/bounded-line.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { digestOf } from "../../../shared/redis/journal/digest.ts";
import { readPasts, type JournalPast } from "../../../shared/redis/journal/read-past.ts";
import type { ReplayCounts } from "../../../shared/redis/letters/replay-records.ts";
import type { AssessedLetter } from "./assess-letters.ts";

/** What is to be known of a letter that was put back. */
type Followed = Pick<AssessedLetter, "transaction" | "past" | "prospect"> & {
  readonly letter: Pick<Letter, "instance" | "bodySha256" | "attempts">;
};

/** A letter that was put back and has no outcome yet. */
interface Waiting {
  /** Undefined where it has none: what does not parse leaves no trace in the journal. */
  readonly transaction: { readonly id: string; readonly digest: string } | undefined;
  readonly instance: string;
  readonly bodySha256: string;
  readonly callsBefore: number;
  /** Taken from the budget for it. */
  readonly callsTaken: number;
  /** As the journal said when it was last looked at. */
  callsSeen: number;
}

export interface OutstandingOptions {
  readonly client: RedisClient;
  readonly namespace: string;
  /** What came back without a trace in the journal. */
  readonly returned: { take(bodySha256: string): Pick<Letter, "reason" | "code" | "attempts"> | undefined };
  readonly counts: ReplayCounts;
}

/** What was found out at one look. */
export interface Collected {
  readonly unusedCalls: number;
  /** There was an outcome, or a call at least. */
  readonly hasMoved: boolean;
}

/** How one of them ended. */
interface Ended {
  readonly as: "answered" | "fallbacks" | "failed";
  readonly calls: number;
  readonly failure?: { readonly reason: string; readonly code?: string | undefined } | undefined;
}

/** Follows what becomes of the letters that were put back: in the journal, or where they come back. */
export class Outstanding {
  readonly #options: OutstandingOptions;
  #waiting: Waiting[] = [];
  /** Why the last one failed again. */
  lastFailure: string | undefined;

  constructor(options: OutstandingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add({ letter, transaction, past, prospect }: Followed): void {
    const named = transaction.ok
      ? { id: transaction.value.transactionId, digest: digestOf(transaction.value) }
      : undefined;
    // Of several letters of one transaction, the first makes the calls.
    const isAnother =
      named !== undefined && this.#waiting.some((other) => other.transaction?.id === named.id);
    const calls = Math.max(letter.attempts, past?.calls ?? 0);
    this.#waiting.push({
      transaction: named,
      instance: letter.instance,
      bodySha256: letter.bodySha256,
      callsBefore: isAnother ? Infinity : calls,
      callsTaken: prospect.kind === "call" ? prospect.callsLeft : 0,
      callsSeen: calls,
    });
  }

  async collect(): Promise<Collected> {
    const { client, namespace, counts } = this.#options;
    const looked = this.#waiting;
    const ids = looked.flatMap(({ transaction }) => transaction?.id ?? []);
    const pasts = await readPasts(client, namespace, ids);
    const pastOf = new Map(ids.map((id, index) => [id, pasts[index]]));
    let unusedCalls = 0;
    let hasMoved = false;
    const settled = new Set<Waiting>();
    for (const waiting of looked) {
      const past = pastOf.get(waiting.transaction?.id ?? "");
      const ended = this.#endOf(waiting, past);
      hasMoved ||= ended !== undefined || (past?.calls ?? 0) > waiting.callsSeen;
      waiting.callsSeen = Math.max(waiting.callsSeen, past?.calls ?? 0);
      if (ended === undefined) continue;
      settled.add(waiting);
      unusedCalls += Math.max(0, waiting.callsTaken - ended.calls);
      counts.calls += ended.calls;
      counts[ended.as] += 1;
      if (ended.failure !== undefined) this.lastFailure = describe(ended.failure);
    }
    this.#waiting = this.#waiting.filter((waiting) => !settled.has(waiting));
    return { unusedCalls, hasMoved };
  }

  #endOf(waiting: Waiting, past: JournalPast | undefined): Ended | undefined {
    const callsSince = (calls: number): number => Math.max(0, calls - waiting.callsBefore);
    if (past !== undefined && isOutcomeOf(past, waiting)) {
      const calls = callsSince(past.calls);
      if (past.kind === "dead-letter") return { as: "failed", calls, failure: past.failure };
      return { as: past.source === "fallback" ? "fallbacks" : "answered", calls };
    }
    const letter = this.#options.returned.take(waiting.bodySha256);
    if (letter === undefined) return undefined;
    // The calls that a conflict tells of are those of the transaction which had the id first.
    const calls = letter.reason === "conflict" ? 0 : callsSince(letter.attempts);
    return { as: "failed", calls, failure: letter };
  }
}

/** A result is one whoever brought it, but for its own content alone; a dead letter may be the one from before. */
function isOutcomeOf({ kind, digest, instances }: JournalPast, { transaction, instance }: Waiting): boolean {
  if (kind === "result") return digest === transaction?.digest;
  return kind === "dead-letter" && instances.includes(instance);
}

const describe = ({ reason, code }: NonNullable<Ended["failure"]>): string =>
  boundedLine(code === undefined ? reason : `${reason} ${code}`);
