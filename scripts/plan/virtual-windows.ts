import type { Quota } from "../../shared/domain/quota.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import { ArrivalLog, type LoggedCall } from "./arrival-log.ts";
import { LearnedCaps } from "./learned-caps.ts";
import type { Arrival } from "./sorted-ring.ts";
import { SteppedWindow } from "./stepped-window.ts";
import { windowToBlame, type SuspectWindow } from "./window-to-blame.ts";

const { LONGEST_LOGGED_MS, LONGEST_GAP_MS, MARGIN_MS, PACE, RAMP_FIRST, RAMP_MS } = LEDGER_RULES;

/** A limit answer: when it came, and when the refused call had left and arrived. */
export interface LimitAnswer {
  readonly call: LoggedCall;
  readonly leftMs: number;
  readonly nowMs: number;
  /** When the limit answer before it was heeded. */
  readonly earlierMs: number;
}

/** The windows of a quota: what each holds, and when they admit a call, as ledger.lua and permit.lua judge it. */
export class VirtualWindows {
  readonly #quota: Quota;
  readonly #log: ArrivalLog;
  readonly #caps: LearnedCaps;
  /** In the quota's order; undefined where the log judges. */
  readonly #stepped: readonly (SteppedWindow | undefined)[];

  /** `lifeMs`: the longest life of a request after its start. */
  constructor(quota: Quota, lifeMs: number) {
    this.#quota = quota;
    this.#log = new ArrivalLog(lifeMs);
    this.#caps = new LearnedCaps(quota);
    this.#stepped = quota.map((window) =>
      window.windowMs > LONGEST_LOGGED_MS ? new SteppedWindow(window, lifeMs) : undefined,
    );
  }

  count(startMs: number): LoggedCall {
    for (const window of this.#stepped) window?.count(startMs);
    return this.#log.grant(startMs);
  }

  /** The call never left. */
  takeBack(call: LoggedCall): void {
    if (!this.#log.takeBack(call)) return;
    for (const window of this.#stepped) window?.takeBack(call.startMs);
  }

  answered(call: LoggedCall, arrivedMs: number, isRefused: boolean, nowMs: number): void {
    this.#log.answered(call, arrivedMs, isRefused, nowMs);
  }

  underWay(nowMs: number): number {
    return this.#log.underWay(nowMs);
  }

  raiseCaps(brakedAtMs: number, nowMs: number): void {
    this.#caps.raise(brakedAtMs, nowMs);
  }

  /** The earliest start that all windows admit. */
  admitAtMs(nowMs: number): number {
    const admitted = this.#caps.admitted(nowMs);
    const moments = this.#quota.map(({ calls, windowMs }, place) => {
      const most = Math.max(1, Math.ceil(admitted[place] ?? calls));
      const stepped = this.#stepped[place];
      if (stepped !== undefined) return stepped.admitsAtMs(most, nowMs);
      return this.#log.nthLatest(most, nowMs) + windowMs + MARGIN_MS;
    });
    return Math.max(...moments);
  }

  /** From one start to the next: evenly; what a limit answer left of a window is spread over all of it. */
  spacingMs(rampRemainingMs: number, nowMs: number): number {
    const admitted = this.#caps.admitted(nowMs);
    let gapMs = evenGapMs(this.#quota);
    let sustainedMs = 0;
    for (const [place, { calls, windowMs }] of this.#quota.entries()) {
      const admits = admitted[place] ?? calls;
      sustainedMs = Math.max(sustainedMs, windowMs / admits);
      if (admits < calls) gapMs = Math.max(gapMs, windowMs / admits);
    }
    if (rampRemainingMs === 0) return gapMs;
    return Math.max(gapMs, sustainedMs / (1 - ((1 - RAMP_FIRST) * rampRemainingMs) / RAMP_MS));
  }

  /** Caps the window that a limit answer is put down to, and gives its length. */
  learn(answer: LimitAnswer): number {
    const { call, nowMs, earlierMs } = answer;
    const momentMs = Math.min(nowMs, call.latestMs);
    const arrivals = this.#log.arrivals(momentMs, nowMs);
    const admitted = this.#caps.admitted(nowMs);
    const suspects = this.#quota.map(({ calls, windowMs }, place): SuspectWindow => ({
      windowMs,
      admits: admitted[place] ?? calls,
      held: this.#heldWhenRefused(place, arrivals, momentMs, answer),
    }));
    const place = windowToBlame(suspects, arrivals, Math.max(earlierMs, momentMs - LONGEST_LOGGED_MS));
    this.#caps.learn(place, suspects[place]?.held ?? 0, nowMs);
    return this.#quota[place]?.windowMs ?? 0;
  }

  /** Calls that the gateway had counted in the window when it refused one; without that one. */
  #heldWhenRefused(
    place: number,
    arrivals: readonly Arrival[],
    momentMs: number,
    { leftMs, nowMs }: LimitAnswer,
  ): number {
    const stepped = this.#stepped[place];
    if (stepped !== undefined) return Math.max(0, stepped.held(nowMs) - 1);
    const fromMs = momentMs - (this.#quota[place]?.windowMs ?? 0);
    const arrived = arrivals.filter(({ atMs }) => atMs > fromMs).length;
    return Math.max(0, arrived - 1) + this.#log.underWaySince(leftMs, nowMs);
  }
}

/** From one start to the next, without brake and ramp. */
function evenGapMs([shortest]: Quota): number {
  if (shortest === undefined) return 0;
  return Math.min((PACE * shortest.windowMs) / shortest.calls, LONGEST_GAP_MS);
}
