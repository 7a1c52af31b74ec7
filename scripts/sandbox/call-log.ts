import type { Freshness } from "./check-freshness.ts";
import type { WindowPeak } from "./quota-meter.ts";
import type { Report } from "./report.ts";
import type { ScenarioName } from "./scenarios.ts";

/** What the report takes from elsewhere. */
interface Surroundings {
  readonly scenario: ScenarioName;
  readonly peaks: readonly WindowPeak[];
  readonly strikes: number;
  readonly isBanned: boolean;
  readonly nowMs: number;
}

const MOST_LISTED = 1_000;

/** Adds up what arrives. It keeps one number per transaction, and nothing per call. */
export class CallLog {
  readonly #startedMs: number;
  readonly #answers = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #callsByTransaction = new Map<string, number>();
  #arrived = 0;
  #wellSigned = 0;
  #unnamedCalls = 0;
  #invalidSignatures = 0;
  #nonceReuses = 0;
  #firstMs: number | undefined;
  #lastMs: number | undefined;
  #leastSkewMs = Infinity;
  #mostSkewMs = -Infinity;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  noteArrival(wallMs: number): void {
    this.#arrived += 1;
    this.#firstMs ??= wallMs;
    this.#lastMs = wallMs;
  }

  /** Notes a well-signed call and tells the how-manieth it is for its transaction. */
  noteCall(transactionId: string | undefined, { skewMs, isNonceReused }: Freshness): number {
    this.#wellSigned += 1;
    if (isNonceReused) this.#nonceReuses += 1;
    if (skewMs !== undefined) {
      this.#leastSkewMs = Math.min(this.#leastSkewMs, skewMs);
      this.#mostSkewMs = Math.max(this.#mostSkewMs, skewMs);
    }
    if (transactionId !== undefined) return increment(this.#callsByTransaction, transactionId);
    this.#unnamedCalls += 1;
    return 1;
  }

  noteInvalidSignature(): void {
    this.#invalidSignatures += 1;
  }

  noteAnswer(label: string, subCode: string | undefined): void {
    increment(this.#answers, label);
    if (subCode !== undefined) increment(this.#refusals, subCode);
  }

  report({ scenario, peaks, strikes, isBanned, nowMs }: Surroundings): Report {
    return {
      startedAt: new Date(this.#startedMs).toISOString(),
      reportedAt: new Date(nowMs).toISOString(),
      scenario,
      calls: {
        arrived: this.#arrived,
        wellSigned: this.#wellSigned,
        firstAt: isoOrNull(this.#firstMs),
        lastAt: isoOrNull(this.#lastMs),
      },
      answers: Object.fromEntries(this.#answers),
      refusals: Object.fromEntries(this.#refusals),
      quota: peaks.map((peak) => ({ ...peak, isExceeded: peak.busiest > peak.calls })),
      ban: { strikes, isBanned },
      invalidSignatures: this.#invalidSignatures,
      nonceReuses: this.#nonceReuses,
      timestampSkewMs:
        this.#leastSkewMs > this.#mostSkewMs ? null : { min: this.#leastSkewMs, max: this.#mostSkewMs },
      transactions: this.#reportTransactions(),
    };
  }

  #reportTransactions(): Report["transactions"] {
    const histogram = new Map<string, number>();
    for (const calls of this.#callsByTransaction.values()) increment(histogram, String(calls));
    const repeated = [...this.#callsByTransaction]
      .filter(([, calls]) => calls > 1)
      .toSorted(([, a], [, b]) => b - a)
      .map(([transactionId, calls]) => ({ transactionId, calls }));
    return {
      distinct: this.#callsByTransaction.size,
      unnamedCalls: this.#unnamedCalls,
      maxCalls: Math.max(0, ...[...histogram.keys()].map(Number)),
      histogram: Object.fromEntries(histogram),
      repeated: { total: repeated.length, most: repeated.slice(0, MOST_LISTED) },
    };
  }
}

const isoOrNull = (epochMs: number | undefined): string | null =>
  epochMs === undefined ? null : new Date(epochMs).toISOString();

function increment(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
