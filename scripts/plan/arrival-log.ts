import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import { Fifo } from "./fifo.ts";
import { SortedRing, type Arrival } from "./sorted-ring.ts";

/** A call as the log has it. */
export interface LoggedCall {
  readonly startMs: number;
  /** When it arrives at the gateway at the latest. */
  latestMs: number;
  /** It is under way no more. */
  isAnswered: boolean;
}

const { LONGEST_LOGGED_MS, MARGIN_MS } = LEDGER_RULES;

/**
 * The latest moment at which each call can have arrived at the gateway, as permit.lua keeps it: of an unanswered
 * call its start and the longest life of a request, of an answered one a moment before the answer.
 */
export class ArrivalLog {
  readonly #lifeMs: number;
  /** By their start. Answered ones stay until those before them are through. */
  readonly #calls = new Fifo<LoggedCall>();
  readonly #arrivals = new SortedRing();
  #underWay = 0;

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Starts never go back in time. */
  grant(startMs: number): LoggedCall {
    const call = { startMs, latestMs: startMs + this.#lifeMs, isAnswered: false };
    this.#calls.push(call);
    this.#underWay += 1;
    return call;
  }

  /** The call arrived no later than `arrivedMs`. Told too late, it changes nothing. */
  answered(call: LoggedCall, arrivedMs: number, isRefused: boolean, nowMs: number): void {
    this.#expire(nowMs);
    if (call.isAnswered) return;
    call.latestMs = Math.min(call.latestMs, arrivedMs);
    this.#settle(call, isRefused, nowMs);
  }

  /** The call never left. Gives false where it was answered, or is out of reach already. */
  takeBack(call: LoggedCall): boolean {
    if (call.isAnswered) return false;
    call.isAnswered = true;
    this.#underWay -= 1;
    return true;
  }

  /** Calls that are unanswered, or promised. */
  underWay(nowMs: number): number {
    this.#expire(nowMs);
    return this.#underWay;
  }

  /** Calls under way that start no later than `startMs`. */
  underWaySince(startMs: number, nowMs: number): number {
    this.#expire(nowMs);
    let count = 0;
    for (const call of this.#calls.backwards()) {
      if (!call.isAnswered && call.startMs <= startMs) count += 1;
    }
    return count;
  }

  /** Those of the last minute that arrived up to `toMs`, in order. */
  arrivals(toMs: number, nowMs: number): Arrival[] {
    return this.#arrivals.between(nowMs - LONGEST_LOGGED_MS - MARGIN_MS, toMs);
  }

  /** The nth latest of all moments, from 1; -Infinity where there are not so many. */
  nthLatest(n: number, nowMs: number): number {
    this.#expire(nowMs);
    // Whoever is under way may arrive later than all who have arrived.
    if (n > this.#underWay) return this.#arrivals.nthLatest(n - this.#underWay);
    let left = n;
    for (const call of this.#calls.backwards()) {
      if (!call.isAnswered) left -= 1;
      if (left === 0) return call.latestMs;
    }
    return -Infinity;
  }

  /** Who can no longer arrive is under way no more. */
  #expire(nowMs: number): void {
    for (let call = this.#calls.peek(); call !== undefined; call = this.#calls.peek()) {
      if (!call.isAnswered && call.latestMs >= nowMs) return;
      this.#calls.shift();
      if (!call.isAnswered) this.#settle(call, false, nowMs);
    }
  }

  #settle(call: LoggedCall, isRefused: boolean, nowMs: number): void {
    call.isAnswered = true;
    this.#underWay -= 1;
    this.#arrivals.add({ atMs: call.latestMs, isRefused }, nowMs - LONGEST_LOGGED_MS - MARGIN_MS);
  }
}
