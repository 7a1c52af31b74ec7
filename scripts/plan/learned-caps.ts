import type { Quota, QuotaWindow } from "../../shared/domain/quota.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";

const { CAP_FIRST, CAP_AT_LAST, CAP_RAMP_MS, CAP_RAISED_EVERY_MS, CAP_RAISED_BY } = LEDGER_RULES;

interface LearnedWindow extends QuotaWindow {
  cap: number | undefined;
  cappedAtMs: number;
  raisedAtMs: number;
  /** So often since it was learned. */
  raises: number;
}

/** What limit answers taught about the gateway's real windows, and how it is put to the test again. */
export class LearnedCaps {
  readonly #windows: readonly LearnedWindow[];

  constructor(quota: Quota) {
    this.#windows = quota.map((window) => ({
      ...window,
      cap: undefined,
      cappedAtMs: -Infinity,
      raisedAtMs: -Infinity,
      raises: 0,
    }));
  }

  /** The window held so many calls when the gateway refused one more. */
  learn(place: number, held: number, nowMs: number): void {
    const window = this.#windows[place];
    if (window === undefined) return;
    window.cap = Math.min(window.calls, Math.max(1, held));
    window.cappedAtMs = nowMs;
    window.raises = 0;
  }

  /** What each window admits now; a fraction where a limit answer taught less than the quota. */
  admitted(nowMs: number): number[] {
    return this.#windows.map(({ calls, cap, cappedAtMs }) => {
      if (cap === undefined) return calls;
      const ramp = Math.min(1, Math.max(0, nowMs - cappedAtMs) / CAP_RAMP_MS);
      return Math.min(calls, cap * (CAP_FIRST + (CAP_AT_LAST - CAP_FIRST) * ramp));
    });
  }

  /** To be asked where another strike can be afforded. Each time that nothing came of it, twice as much is tried. */
  raise(brakedAtMs: number, nowMs: number): void {
    for (const window of this.#windows) {
      if (window.cap === undefined) continue;
      if (nowMs - Math.max(window.raisedAtMs, brakedAtMs) < CAP_RAISED_EVERY_MS) continue;
      const cap = window.cap + Math.max(1, window.cap * CAP_RAISED_BY) * 2 ** window.raises;
      const isOver = cap * CAP_AT_LAST >= window.calls;
      window.cap = isOver ? undefined : cap;
      window.raisedAtMs = isOver ? -Infinity : nowMs;
      window.raises = isOver ? 0 : window.raises + 1;
    }
  }
}
