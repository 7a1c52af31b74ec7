import type { Period } from "../domain/alipay-calendar.ts";
import type { Hold, HoldKind, OwnHold, ReplicaHoldKind } from "../domain/permit.ts";
import { LONGEST_SAT_OUT_MS } from "./closure.ts";

/** The first and the longest hold; each probe that fails doubles it. */
const STEPS_MS: Readonly<Record<ReplicaHoldKind, { first: number; longest: number }>> = {
  "clock-skew": { first: 60_000, longest: 30 * 60_000 },
  unreachable: { first: 1_000, longest: 10_000 },
};

/** How often it is looked whether a probe has its answer. */
const PROBE_LOOKED_AT_MS = 250;
/** Asking costs a permit that is given back, and no call. */
const BUDGET_ASKED_AGAIN_AFTER_MS = 30_000;

interface StandingHold {
  readonly kind: ReplicaHoldKind;
  readonly cause: string;
  readonly beganAtMs: number;
  readonly setAtMs: number;
  /** Until the next probe may leave. */
  readonly untilMs: number;
  readonly probe: { readonly permitId: string; readonly sinceMs: number } | undefined;
  readonly step: number;
}

/** No calls by this replica until a probe succeeds. Times are monotonic milliseconds. */
export class ReplicaHold {
  readonly #onOver: (kind: ReplicaHoldKind | "budget") => void;
  /** The books refused a call. Each replica goes by its own budget, and asks again now and then. */
  #budget: { period: Period; untilMs: number; askedAgainAtMs: number } | undefined;
  #hold: StandingHold | undefined;

  /** `onOver` is told of each end, once, when it comes: it may be hours until another call is wanted. */
  constructor(onOver: (kind: ReplicaHoldKind | "budget") => void) {
    this.#onOver = onOver;
  }

  /** Begins or renews the hold. A call that left before it was set tells nothing new. */
  engage(kind: ReplicaHoldKind, cause: string, departedAtMs: number, nowMs: number): void {
    const current = this.#hold;
    if (current?.kind === kind && departedAtMs < current.setAtMs) return;
    const isRenewed = current?.kind === kind;
    const step = isRenewed ? current.step + 1 : 0;
    const beganAtMs = isRenewed ? current.beganAtMs : nowMs;
    const { first, longest } = STEPS_MS[kind];
    const untilMs = nowMs + Math.min(first * 2 ** step, longest);
    this.#hold = { kind, cause, beganAtMs, setAtMs: nowMs, untilMs, probe: undefined, step };
    if (current !== undefined && current.kind !== kind) this.#onOver(current.kind);
  }

  /** The budget has no room for another call, for so long unless a recorded one is taken back: it is asked again. */
  spend(period: Period, remainingMs: number, nowMs: number): void {
    const askedAgainAtMs = nowMs + BUDGET_ASKED_AGAIN_AFTER_MS;
    this.#budget = { period, untilMs: nowMs + remainingMs, askedAgainAtMs };
  }

  /** A call was paid for. */
  afford(): void {
    if (this.#budget !== undefined) this.#endBudget();
  }

  /** A spent budget is over with its day or month. Whether the next one has room, the books tell at the next call. */
  expire(nowMs: number): void {
    if (this.#budget !== undefined && nowMs >= this.#budget.untilMs) this.#endBudget();
  }

  #endBudget(): void {
    this.#budget = undefined;
    this.#onOver("budget");
  }

  /** True also while it is probed. */
  get isEngaged(): boolean {
    return this.#hold !== undefined || this.#budget !== undefined;
  }

  /** A call ended what holds, or only what is of one kind. One that left before the hold was set tells nothing of it. */
  lift(departedAtMs: number, only?: ReplicaHoldKind): void {
    if (this.#hold === undefined || departedAtMs < this.#hold.setAtMs) return;
    const { kind } = this.#hold;
    if (only !== undefined && kind !== only) return;
    this.#hold = undefined;
    this.#onOver(kind);
  }

  /** The hold that stands now, or undefined where a call may be made. */
  standing(nowMs: number): Hold | undefined {
    return this.spentBudget(nowMs) ?? this.#standingByProbe(nowMs);
  }

  /** What holds this replica alone, also while it is probed. A budget is no matter of its own: the books tell of it. */
  own(nowMs: number): OwnHold | undefined {
    if (this.#hold === undefined) return undefined;
    const { kind, cause, untilMs, beganAtMs } = this.#hold;
    return { kind, cause, remainingMs: Math.max(0, untilMs - nowMs), forMs: nowMs - beganAtMs };
  }

  /** The hold for want of budget, where it stands and it is not time to ask again. */
  spentBudget(nowMs: number): Hold | undefined {
    if (this.#budget === undefined) return undefined;
    const { period, untilMs, askedAgainAtMs } = this.#budget;
    if (nowMs >= Math.min(untilMs, askedAgainAtMs)) return undefined;
    return { kind: "budget", cause: `the budget of this ${period} is spent`, remainingMs: untilMs - nowMs };
  }

  #standingByProbe(nowMs: number): Hold | undefined {
    if (this.#hold === undefined || nowMs >= this.#hold.untilMs) return undefined;
    const { kind, cause, untilMs } = this.#hold;
    return { kind, cause, remainingMs: untilMs - nowMs };
  }

  /**
   * A call is about to probe: the others wait until it has been answered, or cannot be any more. A budget needs no probe:
   * the books refuse without a call.
   */
  beginProbe(permitId: string, nowMs: number, longestCallMs: number): void {
    if (this.#hold === undefined) return;
    this.#hold = { ...this.#hold, untilMs: nowMs + longestCallMs, probe: { permitId, sinceMs: nowMs } };
  }

  /** The call with this permit never left: if it was the probe, the next one may probe at once. */
  endProbe(permitId: string, nowMs: number): void {
    if (this.#hold?.probe?.permitId !== permitId) return;
    this.#hold = { ...this.#hold, untilMs: nowMs, probe: undefined };
  }

  /** The call with this permit left, and told nothing of the hold: if it was the probe, the next one comes a first step later. */
  postponeProbe(permitId: string, nowMs: number): void {
    if (this.#hold?.probe?.permitId !== permitId) return;
    this.#hold = { ...this.#hold, untilMs: nowMs + STEPS_MS[this.#hold.kind].first, probe: undefined };
  }

  /**
   * After so many milliseconds it is worth looking whether a hold still stands, although it may for longer: a probe can take as
   * long as a call, and mostly its answer comes soon. Infinity where there is nothing to look for.
   */
  lookAgainInMs(kind: HoldKind, nowMs: number): number {
    const probe = this.#hold?.kind === kind ? this.#hold.probe : undefined;
    return probe !== undefined && nowMs - probe.sinceMs < LONGEST_SAT_OUT_MS ? PROBE_LOOKED_AT_MS : Infinity;
  }
}
