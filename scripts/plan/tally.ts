import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { VirtualAnswer } from "./virtual-gateway.ts";

/** How a transaction ended. */
export type Ending = "scored" | "cache" | "below-threshold" | "rejected" | "attempts-exhausted";

export type SeriesName = "arrived" | "settled" | "calls" | "limited";

const SHORT_PLAN_MS = 2 * 3_600_000;
const FINE_STEP_MS = 1_000;
const COARSE_STEP_MS = 60_000;

const PER_MS = 1_000;

/** What happened in the plan, in memory that does not grow with the number of transactions. */
export class Tally {
  readonly stepMs: number;
  readonly endings: Record<Ending, number> = {
    scored: 0,
    cache: 0,
    "below-threshold": 0,
    rejected: 0,
    "attempts-exhausted": 0,
  };
  readonly answers: Record<VirtualAnswer | "timeout", number> = {
    scored: 0,
    failed: 0,
    rejected: 0,
    limited: 0,
    banned: 0,
    timeout: 0,
  };
  readonly series: Record<SeriesName, StepCounts>;
  arrived = 0;
  settled = 0;
  calls = 0;
  retries = 0;
  firstCallMs = Infinity;
  lastCallMs = -Infinity;
  /** When the last outcome was out. */
  finishedAtMs = 0;
  /** The last moment at which somebody had waited too long for the first call, or for being answered without one. */
  lastLateMs = -Infinity;
  mostStrikes = 0;
  firstBanMs = Infinity;
  /** From arrival to outcome, in microseconds. */
  readonly #latencies: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: Number.MAX_SAFE_INTEGER,
    figures: 3,
  });

  constructor(durationMs: number) {
    const stepMs = durationMs <= SHORT_PLAN_MS ? FINE_STEP_MS : COARSE_STEP_MS;
    this.stepMs = stepMs;
    this.series = {
      arrived: new StepCounts(stepMs),
      settled: new StepCounts(stepMs),
      calls: new StepCounts(stepMs),
      limited: new StepCounts(stepMs),
    };
  }

  /** How many steps something happened in, or between. */
  get steps(): number {
    return Math.max(...Object.values(this.series).map(({ length }) => length));
  }

  arrival(atMs: number): void {
    this.arrived += 1;
    this.series.arrived.count(atMs);
  }

  call(atMs: number, nth: number): void {
    this.calls += 1;
    if (nth > 1) this.retries += 1;
    this.firstCallMs = Math.min(this.firstCallMs, atMs);
    this.lastCallMs = atMs;
    this.series.calls.count(atMs);
  }

  answer(answer: VirtualAnswer | "timeout", atMs: number): void {
    this.answers[answer] += 1;
    if (answer === "limited") this.series.limited.count(atMs);
    if (answer === "banned") this.firstBanMs = Math.min(this.firstBanMs, atMs);
  }

  /** Limit answers of the last 24 hours. */
  strikes(count: number): void {
    this.mostStrikes = Math.max(this.mostStrikes, count);
  }

  ending(ending: Ending, arrivedAtMs: number, atMs: number): void {
    this.endings[ending] += 1;
    this.settled += 1;
    this.finishedAtMs = Math.max(this.finishedAtMs, atMs);
    this.series.settled.count(atMs);
    this.#latencies.record(Math.max(1, Math.round((atMs - arrivedAtMs) * PER_MS)));
  }

  /** So many of a hundred were answered at least this fast, in ms. */
  latencyMs(percentile: number): number {
    if (this.settled === 0) return 0;
    return percentile === 100
      ? this.#latencies.max / PER_MS
      : this.#latencies.percentile(percentile) / PER_MS;
  }
}

/** How often something happened in each step of time. */
class StepCounts {
  readonly #stepMs: number;
  #counts = new Uint32Array(1_024);
  /** Up to the last step in which something happened. */
  length = 0;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  count(atMs: number): void {
    const step = Math.floor(atMs / this.#stepMs);
    if (step >= this.#counts.length) this.#grow(step);
    this.#counts[step] = this.at(step) + 1;
    this.length = Math.max(this.length, step + 1);
  }

  at(step: number): number {
    return this.#counts[step] ?? 0;
  }

  #grow(step: number): void {
    const larger = new Uint32Array(Math.max(step + 1, this.#counts.length * 2));
    larger.set(this.#counts);
    this.#counts = larger;
  }
}
