import type { Quota, QuotaWindow } from "../../shared/domain/quota.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger-rules.ts";
import { ArrivalLog, type LoggedCall } from "./arrival-log.ts";
import { LearnedCaps } from "./learned-caps.ts";
import type { Arrival } from "./sorted-ring.ts";
import { SteppedWindow } from "./stepped-window.ts";
import { windowToBlame } from "./window-to-blame.ts";

export interface VirtualLedgerOptions {
  readonly quota: Quota;
  /** The call's own deadline. */
  readonly timeoutMs: number;
  /** Limit answers in 24 h that must never be exceeded. */
  readonly strikesPerDay: number;
  readonly freezeMs: number;
}

/** A call that the ledger knows of. */
export interface VirtualPermit {
  readonly call: LoggedCall;
  /** Finds out whether a freeze is over. */
  readonly isProbe: boolean;
}

/** As permit.lua replies. */
export type VirtualReply =
  | { readonly kind: "granted"; readonly permit: VirtualPermit }
  | { readonly kind: "wait"; readonly waitMs: number }
  /** Too many calls are under way: until one is answered, or counts as lost. */
  | { readonly kind: "crowded" }
  | { readonly kind: "later"; readonly waitMs: number }
  | { readonly kind: "held"; readonly waitMs: number };

/** A permit may be this old when its call leaves: FRESH_FOR_MS of the product's ledger. */
const FRESH_FOR_MS = 250;

const RULES = LEDGER_RULES;

/** The longest life of a request after its start. */
const requestLifeMs = (timeoutMs: number): number => FRESH_FOR_MS + timeoutMs;

/**
 * The product's quota ledger in virtual time: what permit.lua, brake.lua, hold.lua and lift.lua decide, with the same
 * rules and in the same order, but for a Redis that loses its memory. Moments are in ms and never decrease.
 */
export class VirtualLedger {
  readonly #options: VirtualLedgerOptions;
  readonly #log: ArrivalLog;
  readonly #caps: LearnedCaps;
  /** In the quota's order; undefined where the log judges. */
  readonly #stepped: readonly (SteppedWindow | undefined)[];
  /** Moments of limit answers that are not forgotten yet. */
  #strikes: number[] = [];
  #lastStartMs = -Infinity;
  #brakedAtMs = -Infinity;
  /** Until then limit answers tell nothing new. */
  #heededUntilMs = -Infinity;
  #rampAtMs = -Infinity;
  #freeze: { readonly untilMs: number; readonly isProbed: boolean } | undefined;

  constructor(options: VirtualLedgerOptions) {
    const lifeMs = requestLifeMs(options.timeoutMs);
    this.#options = options;
    this.#log = new ArrivalLog(lifeMs);
    this.#caps = new LearnedCaps(options.quota);
    this.#stepped = options.quota.map((window) =>
      window.windowMs > RULES.LONGEST_LOGGED_MS ? new SteppedWindow(window, lifeMs) : undefined,
    );
  }

  /** Asks for a permit for a transaction's call number `call` of `callLimit`. */
  permit(call: number, callLimit: number, nowMs: number): VirtualReply {
    const overdueMs = this.#freeze === undefined ? undefined : nowMs - this.#freeze.untilMs;
    if (overdueMs !== undefined && overdueMs < 0) return { kind: "held", waitMs: -overdueMs };
    if (overdueMs !== undefined && overdueMs < RULES.PROBE_RESERVED_MS && call > 1) {
      return { kind: "later", waitMs: RULES.PROBE_PAUSE_MS };
    }
    const strikes = this.strikes(nowMs);
    if (strikes >= this.#options.strikesPerDay) {
      return { kind: "held", waitMs: this.#untilStrikeIsForgotten(nowMs) };
    }
    const brakeMs = this.brakeRemainingMs(nowMs);
    if (this.#log.underWay(nowMs) >= this.#mayBeUnderWay(strikes, brakeMs)) {
      return { kind: "crowded" };
    }
    if (call === callLimit && call > 1 && brakeMs > 0) return { kind: "later", waitMs: brakeMs };

    if (strikes * 2 <= this.#options.strikesPerDay) this.#caps.raise(this.#brakedAtMs, nowMs);
    const startMs = this.#earliestStart(nowMs);
    if (startMs - nowMs > RULES.HORIZON_MS) {
      return { kind: "wait", waitMs: startMs - nowMs - RULES.HORIZON_MS };
    }
    return { kind: "granted", permit: this.#grant(startMs, overdueMs !== undefined) };
  }

  /** The call arrived at the gateway at the latest at `arrivedMs`. */
  answered({ call }: VirtualPermit, arrivedMs: number, nowMs: number): void {
    this.#log.answered(call, arrivedMs, false, nowMs);
  }

  /** The same of a limit answer, to a call that left at `leftMs`. */
  limited({ call }: VirtualPermit, arrivedMs: number, leftMs: number, nowMs: number): void {
    this.#log.answered(call, arrivedMs, true, nowMs);
    this.#strikes.push(nowMs);
    // Calls that left before the last one was heeded tell nothing new.
    if (leftMs < this.#heededUntilMs) return;
    const { quota } = this.#options;
    const momentMs = Math.min(nowMs, call.latestMs);
    const arrivals = this.#log.arrivals(momentMs, nowMs);
    const held = quota.map((_, place) => this.#heldWhenRefused(place, arrivals, momentMs, leftMs, nowMs));
    const sinceMs = Math.max(this.#brakedAtMs, momentMs - RULES.LONGEST_LOGGED_MS);
    const place = windowToBlame(quota, held, arrivals, sinceMs);
    this.#caps.learn(place, held[place] ?? 0, nowMs);
    this.#brakedAtMs = nowMs;
    this.#heededUntilMs = nowMs + Math.min(quota[place]?.windowMs ?? 0, RULES.LONGEST_PAUSE_MS);
  }

  /** A ban signal: of several calls the first one counts, and then that of the probe. */
  banned(nowMs: number): void {
    if (this.#freeze !== undefined && !this.#freeze.isProbed) return;
    this.#freeze = { untilMs: nowMs + this.#options.freezeMs, isProbed: false };
  }

  /** A probe was answered as if nothing were wrong. */
  lift(nowMs: number): void {
    if (this.#freeze?.isProbed !== true) return;
    this.#freeze = undefined;
    this.#rampAtMs = nowMs;
  }

  /** Limit answers of the last 24 hours. */
  strikes(nowMs: number): number {
    const fromMs = nowMs - RULES.STRIKE_MEMORY_MS;
    if ((this.#strikes[0] ?? Infinity) < fromMs) this.#strikes = this.#strikes.filter((at) => at >= fromMs);
    return this.#strikes.length;
  }

  brakeRemainingMs(nowMs: number): number {
    return Math.max(0, this.#brakedAtMs + RULES.BRAKE_MS - nowMs);
  }

  #untilStrikeIsForgotten(nowMs: number): number {
    return Math.ceil((this.#strikes[0] ?? nowMs) + RULES.STRIKE_MEMORY_MS - nowMs) + 1;
  }

  /** Each call under way may be the next strike. */
  #mayBeUnderWay(strikes: number, brakeMs: number): number {
    const left = this.#options.strikesPerDay - strikes;
    return brakeMs > 0 ? Math.ceil(left / 2) : left;
  }

  #earliestStart(nowMs: number): number {
    const admitted = this.#caps.admitted(nowMs);
    let startMs = Math.max(nowMs, this.#lastStartMs + this.#spacing(admitted, nowMs), this.#heededUntilMs);
    for (const [place, window] of this.#options.quota.entries()) {
      const calls = Math.max(1, Math.ceil(admitted[place] ?? window.calls));
      startMs = Math.max(startMs, this.#admittedAt(window, place, calls, nowMs));
    }
    return startMs;
  }

  #admittedAt({ windowMs }: QuotaWindow, place: number, calls: number, nowMs: number): number {
    const stepped = this.#stepped[place];
    if (stepped !== undefined) return stepped.admitsAtMs(calls, nowMs);
    return this.#log.nthLatest(calls, nowMs) + windowMs + RULES.MARGIN_MS;
  }

  /** From one start to the next: evenly; what a limit answer left of a window is spread over all of it. */
  #spacing(admitted: readonly number[], nowMs: number): number {
    let gapMs = evenGapMs(this.#options.quota);
    let sustainedMs = 0;
    for (const [place, { calls, windowMs }] of this.#options.quota.entries()) {
      const admits = admitted[place] ?? calls;
      sustainedMs = Math.max(sustainedMs, windowMs / admits);
      if (admits < calls) gapMs = Math.max(gapMs, windowMs / admits);
    }
    const rampMs = Math.max(0, this.#rampAtMs + RULES.RAMP_MS - nowMs);
    if (rampMs === 0) return gapMs;
    return Math.max(gapMs, sustainedMs / (1 - ((1 - RULES.RAMP_FIRST) * rampMs) / RULES.RAMP_MS));
  }

  /** Calls that the gateway had counted in the window when it refused one; without that one. */
  #heldWhenRefused(
    place: number,
    arrivals: readonly Arrival[],
    momentMs: number,
    leftMs: number,
    nowMs: number,
  ): number {
    const stepped = this.#stepped[place];
    if (stepped !== undefined) return Math.max(0, stepped.held(nowMs) - 1);
    const fromMs = momentMs - (this.#options.quota[place]?.windowMs ?? 0);
    const arrived = arrivals.filter(({ atMs }) => atMs > fromMs).length;
    return Math.max(0, arrived - 1) + this.#log.underWaySince(leftMs, nowMs);
  }

  #grant(startMs: number, isProbe: boolean): VirtualPermit {
    this.#lastStartMs = startMs;
    for (const window of this.#stepped) window?.count(startMs);
    const call = this.#log.grant(startMs);
    if (isProbe) this.#freeze = { untilMs: call.latestMs, isProbed: true };
    return { call, isProbe };
  }
}

/** From one start to the next, without brake and ramp. */
function evenGapMs([shortest]: Quota): number {
  if (shortest === undefined) return 0;
  return Math.min((RULES.PACE * shortest.windowMs) / shortest.calls, RULES.LONGEST_GAP_MS);
}
