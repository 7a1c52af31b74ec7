import type { Quota } from "../../shared/domain/quota.ts";
import { FRESH_FOR_MS, LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import type { LoggedCall } from "./arrival-log.ts";
import { VirtualFreeze } from "./virtual-freeze.ts";
import { VirtualLatency } from "./virtual-latency.ts";
import { VirtualWindows } from "./virtual-windows.ts";

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

const RULES = LEDGER_RULES;

/**
 * The product's quota ledger in virtual time: what permit.lua, brake.lua, hold.lua and lift.lua decide, by the same
 * rules and in the same order, but for a Redis that loses its memory. Moments are in ms and never decrease.
 */
export class VirtualLedger {
  readonly #strikesPerDay: number;
  readonly #windows: VirtualWindows;
  readonly #freeze: VirtualFreeze;
  readonly #latency = new VirtualLatency();
  /** Moments of limit answers that are not forgotten yet. */
  #strikes: number[] = [];
  #lastStartMs = -Infinity;
  #brakedAtMs = -Infinity;
  /** Until then no call leaves, and limit answers tell nothing new. */
  #heededUntilMs = -Infinity;
  #rampAtMs = -Infinity;

  constructor({ quota, timeoutMs, strikesPerDay, freezeMs }: VirtualLedgerOptions) {
    this.#strikesPerDay = strikesPerDay;
    this.#windows = new VirtualWindows(quota, FRESH_FOR_MS + timeoutMs);
    this.#freeze = new VirtualFreeze(freezeMs);
  }

  /** Asks for a permit for a transaction's call number `call` of `callLimit`. */
  permit(call: number, callLimit: number, nowMs: number): VirtualReply {
    const freezeMs = this.#freeze.remainingMs(nowMs);
    if (freezeMs !== undefined && freezeMs > 0) return { kind: "held", waitMs: Math.ceil(freezeMs) };
    if (freezeMs !== undefined && -freezeMs < RULES.PROBE_RESERVED_MS && call > 1) {
      return { kind: "later", waitMs: RULES.PROBE_PAUSE_MS };
    }
    const strikes = this.strikes(nowMs);
    if (strikes >= this.#strikesPerDay) return { kind: "held", waitMs: this.#untilStrikeIsForgotten(nowMs) };
    const brakeMs = this.brakeRemainingMs(nowMs);
    if (this.#windows.underWay(nowMs) >= this.#mayBeUnderWay(strikes, brakeMs)) return { kind: "crowded" };
    if (call === callLimit && call > 1 && brakeMs > 0) return { kind: "later", waitMs: Math.ceil(brakeMs) };

    if (strikes * 2 <= this.#strikesPerDay) this.#windows.raiseCaps(this.#brakedAtMs, nowMs);
    const startMs = this.#earliestStart(nowMs);
    const waitMs = startMs - nowMs - RULES.HORIZON_MS;
    if (waitMs > 0) return { kind: "wait", waitMs: Math.ceil(waitMs) };
    return { kind: "granted", permit: this.#grant(startMs, freezeMs !== undefined) };
  }

  /** Whether a call that was permitted may leave: since a limit answer just now it would only be one more. */
  mayLeave(nowMs: number): boolean {
    return nowMs >= this.#heededUntilMs;
  }

  /** The call never left. */
  unused({ call }: VirtualPermit): void {
    this.#windows.takeBack(call);
  }

  /** The call that left at `leftMs` was answered. */
  answered({ call }: VirtualPermit, leftMs: number, nowMs: number): void {
    this.#latency.observe(nowMs - leftMs, nowMs);
    this.#windows.answered(call, nowMs - this.#latency.creditMs(), false, nowMs);
  }

  /** The same with a limit answer, whose latency tells nothing of others. */
  limited({ call }: VirtualPermit, leftMs: number, nowMs: number): void {
    this.#windows.answered(call, nowMs - this.#latency.creditMs(), true, nowMs);
    this.#strikes.push(nowMs);
    if (leftMs < this.#heededUntilMs) return;
    const windowMs = this.#windows.learn({ call, leftMs, nowMs, earlierMs: this.#brakedAtMs });
    this.#brakedAtMs = nowMs;
    this.#heededUntilMs = nowMs + Math.min(windowMs, RULES.LONGEST_PAUSE_MS);
  }

  banned(nowMs: number): void {
    this.#freeze.begin(nowMs);
  }

  /** A probe was answered as if nothing were wrong. */
  lift(nowMs: number): void {
    if (this.#freeze.lift()) this.#rampAtMs = nowMs;
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
    return Math.ceil((this.#strikes[0] ?? nowMs) + RULES.STRIKE_MEMORY_MS - nowMs);
  }

  /** Each call under way may be the next strike. */
  #mayBeUnderWay(strikes: number, brakeMs: number): number {
    const left = this.#strikesPerDay - strikes;
    return brakeMs > 0 ? Math.ceil(left / 2) : left;
  }

  #earliestStart(nowMs: number): number {
    const rampMs = Math.max(0, this.#rampAtMs + RULES.RAMP_MS - nowMs);
    const spacedMs = this.#lastStartMs + this.#windows.spacingMs(rampMs, nowMs);
    return Math.max(nowMs, spacedMs, this.#heededUntilMs, this.#windows.admitAtMs(nowMs));
  }

  #grant(startMs: number, isProbe: boolean): VirtualPermit {
    this.#lastStartMs = startMs;
    const call = this.#windows.count(startMs);
    if (isProbe) this.#freeze.probe(call.latestMs);
    return { call, isProbe };
  }
}
