import { sustainedPerSecond, type WindowLoad } from "../../shared/domain/useful-replicas.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";

/** What a forecast goes by; all of it is in the ledger's overview. */
export interface CallsAllowed {
  readonly nowMs: number;
  readonly windows: readonly WindowLoad[];
  readonly spacingMs: number;
  readonly lastCallAtMs: number | undefined;
  readonly patienceRemainingMs: number;
  readonly rampRemainingMs: number;
  readonly strikes: number;
  readonly holds: readonly { readonly kind: string; readonly remainingMs: number }[];
  readonly replicas: readonly { readonly hold: unknown }[];
}

/** What a backlog can expect of the quota. */
export interface Forecast {
  readonly isHeld: boolean;
  /** Calls per second that all windows bear for as long as one likes. */
  readonly sustainedPerSecond: number;
  /** Until a permit may be had, at least; undefined while calls are held, for nobody knows. */
  readonly permitWaitMs: number | undefined;
  /** Until everything that waits had its call, if nothing is added; undefined while calls are held. */
  readonly clearedInMs: number | undefined;
}

/** What becomes of `backlog` transactions that need one call each. */
export function forecast(backlog: number, allowed: CallsAllowed, strikeBudget: number): Forecast {
  const isHeld = areCallsHeld(allowed, strikeBudget);
  return {
    isHeld,
    sustainedPerSecond: sustainedPerSecond(allowed.windows),
    permitWaitMs: isHeld ? undefined : permitWaitMs(allowed),
    clearedInMs: isHeld ? undefined : clearedInMs(backlog, allowed),
  };
}

/** How many calls a window admits besides those that it counts. */
export const marginOf = ({ effective, used }: WindowLoad): number => Math.max(0, effective - used);

/**
 * A permission hold that only waits for a probe may be one of credentials that nobody uses any more. Any other hold
 * stands until a probe was answered.
 */
function areCallsHeld({ holds, strikes, replicas }: CallsAllowed, strikeBudget: number): boolean {
  if (strikes >= strikeBudget) return true;
  if (replicas.length > 0 && replicas.every(({ hold }) => hold !== undefined)) return true;
  return holds.some(({ kind, remainingMs }) => remainingMs > 0 || kind !== "permission");
}

/** A full window lets a call in when an earlier one leaves it: where they came evenly, that is its share of the window. */
function permitWaitMs(allowed: CallsAllowed): number {
  const { nowMs, lastCallAtMs = -Infinity, spacingMs, patienceRemainingMs } = allowed;
  const full = allowed.windows.filter((window) => marginOf(window) === 0);
  const gapMs = Math.max(spacingMs, ...full.map(({ windowMs, effective }) => windowMs / effective));
  return Math.max(0, patienceRemainingMs, lastCallAtMs + gapMs - nowMs);
}

/** A window that all of it fits into slows nothing down; the others let it through at their average rate. */
function clearedInMs(backlog: number, allowed: CallsAllowed): number {
  if (backlog === 0) return 0;
  const { windows, spacingMs, patienceRemainingMs, rampRemainingMs } = allowed;
  const needMs = windows.map((window) =>
    backlog <= marginOf(window) ? 0 : (backlog * window.windowMs) / window.effective,
  );
  // In the ramp calls are further apart than they will be; what that costs is added.
  const spacedMs = rampRemainingMs === 0 ? backlog * spacingMs : 0;
  return patienceRemainingMs + Math.max(spacedMs, ...needMs) + rampLossMs(rampRemainingMs);
}

/** What the rest of the ramp costs against the full rate: the rate rises evenly, so it is a triangle. */
function rampLossMs(remainingMs: number): number {
  const { RAMP_FIRST, RAMP_MS } = LEDGER_RULES;
  return ((1 - RAMP_FIRST) * remainingMs ** 2) / (2 * RAMP_MS);
}
