import { QuotaMeter, type QuotaWindow, type WindowPeak } from "./quota-meter.ts";

const DAY_MS = 24 * 3_600_000;

/** What an application may do and what happens to it beyond that. */
export interface GuardRules {
  readonly quota: readonly QuotaWindow[];
  /** Limit answers in 24 hours that are borne; the next one is the ban. */
  readonly banAfter: number;
  readonly banHours: number;
}

/** What the quota has to say about one call. */
export type Admission = "admitted" | "limited" | "banned";

/** Stands between an application and the API: counts its calls, its limit answers (strikes), and bans it. */
export class QuotaGuard {
  readonly #calls: QuotaMeter;
  readonly #strikes: QuotaMeter;
  readonly #banMs: number;
  #bannedUntilMs = -Infinity;

  constructor({ quota, banAfter, banHours }: GuardRules) {
    this.#calls = new QuotaMeter(quota);
    this.#strikes = new QuotaMeter([{ calls: banAfter, windowMs: DAY_MS }]);
    this.#banMs = banHours * 3_600_000;
  }

  /** Counts a call that has arrived, whatever becomes of it; `share` of the quota is in force. */
  admit(nowMs: number, share: number): Admission {
    const isWithin = this.#calls.count(nowMs, share);
    if (this.isBanned(nowMs)) return "banned";
    return isWithin ? "admitted" : "limited";
  }

  /** Counts a limit answer and tells whether it was one too many: the ban begins now. */
  strike(nowMs: number): boolean {
    if (this.#strikes.count(nowMs)) return false;
    this.#bannedUntilMs = nowMs + this.#banMs;
    return true;
  }

  isBanned(nowMs: number): boolean {
    return nowMs < this.#bannedUntilMs;
  }

  /** Limit answers in the last 24 hours, the one that brought the ban included. */
  strikes(nowMs: number): number {
    return this.#strikes.current(nowMs);
  }

  peaks(): WindowPeak[] {
    return this.#calls.peaks();
  }
}
