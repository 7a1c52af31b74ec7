import type { QuotaWindow } from "../../shared/domain/quota.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";

/** A long window as permit.lua keeps it: calls counted by second or minute, where a step counts until all of it is out. */
export class SteppedWindow {
  readonly #windowMs: number;
  readonly #lifeMs: number;
  readonly #stepMs: number;
  /** By step, as many as can be inside. */
  readonly #counts: Uint32Array;
  #first = 0;
  #last = -1;
  #sum = 0;

  /** `lifeMs`: the longest life of a request after its start. */
  constructor({ windowMs }: QuotaWindow, lifeMs: number) {
    this.#windowMs = windowMs;
    this.#lifeMs = lifeMs;
    this.#stepMs = windowMs <= LEDGER_RULES.LONGEST_BY_SECOND_MS ? 1_000 : 60_000;
    this.#counts = new Uint32Array(Math.ceil((windowMs + lifeMs) / this.#stepMs) + 4);
  }

  /** Counts a call by its start, which is never before that of the call counted last. */
  count(startMs: number): void {
    this.#moveOn(startMs);
    const step = Math.floor(startMs / this.#stepMs);
    for (let index = Math.max(this.#last + 1, this.#first); index <= step; index += 1) this.#set(index, 0);
    this.#last = Math.max(this.#last, step);
    this.#set(step, this.#at(step) + 1);
    this.#sum += 1;
  }

  /** A call that was counted never left. */
  takeBack(startMs: number): void {
    const step = Math.floor(startMs / this.#stepMs);
    if (step < this.#first) return;
    this.#set(step, this.#at(step) - 1);
    this.#sum -= 1;
  }

  /** Calls inside. */
  held(nowMs: number): number {
    this.#moveOn(nowMs);
    return this.#sum;
  }

  /** When the window admits a call, where it holds `calls`. */
  admitsAtMs(calls: number, nowMs: number): number {
    this.#moveOn(nowMs);
    let sum = this.#sum;
    for (let index = this.#first; sum >= calls && index <= this.#last; index += 1) {
      sum -= this.#at(index);
      if (sum < calls) return (index + 1) * this.#stepMs + this.#windowMs + this.#lifeMs;
    }
    return -Infinity;
  }

  /** What has left the window is taken off the sum. */
  #moveOn(nowMs: number): void {
    const lastOut = Math.floor((nowMs - this.#windowMs - this.#lifeMs) / this.#stepMs) - 1;
    while (this.#first <= lastOut) {
      if (this.#first <= this.#last) this.#sum -= this.#at(this.#first);
      this.#first += 1;
    }
  }

  #at(step: number): number {
    return this.#counts[step % this.#counts.length] ?? 0;
  }

  #set(step: number, calls: number): void {
    this.#counts[step % this.#counts.length] = calls;
  }
}
