import { hash } from "node:crypto";
import type { DeadLetterReason } from "../../../shared/domain/dead-letter.ts";
import type { RiskResult, Verdict } from "../../../shared/domain/risk-result.ts";

/** One row, from publishing to its end. */
interface Row {
  readonly name: string;
  readonly sentAtMs: number;
  isConfirmed: boolean;
  isSettled: boolean;
}

/** How results came about: by source, then by verdict. */
export type ResultCounts = Readonly<Record<string, Readonly<Partial<Record<Verdict, number>>>>>;

/** What became of the rows so far. */
export interface Balance {
  /** Confirmed by the broker. */
  readonly published: number;
  readonly settled: number;
  readonly results: ResultCounts;
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** Outcomes that came once more: at least once is the promise. */
  readonly repeated: number;
}

/**
 * Follows every row that is published to the one outcome it must have. A result is known by its transaction's id, a dead
 * letter by its body, which comes back byte for byte. Times are monotonic milliseconds.
 */
export class RowAccounts {
  readonly #byId = new Map<string, Row>();
  readonly #byBody = new Map<string, Row>();
  readonly #results: Record<string, Partial<Record<Verdict, number>>> = {};
  readonly #deadLetters: Partial<Record<DeadLetterReason, number>> = {};
  readonly #latenciesMs = { called: [] as number[], withoutCall: [] as number[] };
  #published = 0;
  #settled = 0;
  #repeated = 0;

  /** A row goes out. Of two with one id, the first is the one that is answered. */
  sent(body: Buffer, transactionId: string | undefined, atMs: number): void {
    const digest = digestOf(body);
    if (this.#byBody.has(digest)) return; // sent again, for want of a confirm
    const row: Row = {
      name: transactionId ?? `body ${digest.slice(0, 12)}…`,
      sentAtMs: atMs,
      isConfirmed: false,
      isSettled: false,
    };
    this.#byBody.set(digest, row);
    if (transactionId !== undefined && !this.#byId.has(transactionId)) this.#byId.set(transactionId, row);
  }

  /** The broker has it. */
  confirmed(body: Buffer): void {
    const row = this.#byBody.get(digestOf(body));
    if (row === undefined || row.isConfirmed) return;
    row.isConfirmed = true;
    this.#published += 1;
  }

  result(result: RiskResult, atMs: number): void {
    const row = this.#byId.get(result.transactionId);
    if (row === undefined || !this.#settle(row)) return;
    const { source, verdict, attempts } = result;
    const counts = (this.#results[source] ??= {});
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    this.#latenciesMs[attempts > 0 ? "called" : "withoutCall"].push(atMs - row.sentAtMs);
  }

  deadLetter(body: Buffer, reason: DeadLetterReason): void {
    const row = this.#byBody.get(digestOf(body));
    if (row === undefined || !this.#settle(row)) return;
    this.#deadLetters[reason] = (this.#deadLetters[reason] ?? 0) + 1;
  }

  balance(): Balance {
    return {
      published: this.#published,
      settled: this.#settled,
      results: this.#results,
      deadLetters: this.#deadLetters,
      repeated: this.#repeated,
    };
  }

  /** From publishing to the result: of those that cost a call, and of those that did not. */
  latenciesMs(): { readonly called: readonly number[]; readonly withoutCall: readonly number[] } {
    return this.#latenciesMs;
  }

  /** Published rows without an outcome, in the order in which they went out. */
  *unsettled(): Generator<string> {
    for (const row of this.#byBody.values()) if (row.isConfirmed && !row.isSettled) yield row.name;
  }

  #settle(row: Row): boolean {
    if (row.isSettled) this.#repeated += 1;
    else this.#settled += 1;
    const isNews = !row.isSettled;
    row.isSettled = true;
    return isNews;
  }
}

const digestOf = (body: Buffer): string => hash("sha256", body);
