import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import type { Arrival } from "./sorted-ring.ts";

const { BLAMED_FROM, LONGEST_LOGGED_MS } = LEDGER_RULES;

/** A window when a call was refused. */
export interface SuspectWindow {
  readonly windowMs: number;
  /** Calls that we let into it. */
  readonly admits: number;
  /** Calls that were in it, without the refused one. */
  readonly held: number;
}

/**
 * Which window a limit answer is put down to, by its place, as brake.lua finds it: the shortest one that is judged by
 * the log and held more than it ever did when a call was accepted; or else the shortest that held anything, long ones
 * only where a good part of them was used. `suspects` are shortest first, `arrivals` in order of time.
 */
export function windowToBlame(
  suspects: readonly SuspectWindow[],
  arrivals: readonly Arrival[],
  sinceMs: number,
): number {
  const surprising = suspects.findIndex(
    (window) =>
      isLogged(window) && window.held > 0 && window.held + 1 > mostAccepted(window, arrivals, sinceMs),
  );
  if (surprising !== -1) return surprising;
  const shortest = suspects.findIndex(
    (window) => window.held > 0 && (isLogged(window) || window.held >= window.admits * BLAMED_FROM),
  );
  return Math.max(0, shortest);
}

const isLogged = ({ windowMs }: SuspectWindow): boolean => windowMs <= LONGEST_LOGGED_MS;

/** The most calls, itself included, that the window held when one of the calls after `sinceMs` was accepted. */
function mostAccepted({ windowMs }: SuspectWindow, arrivals: readonly Arrival[], sinceMs: number): number {
  let [most, first] = [0, 0];
  for (const [place, { atMs, isRefused }] of arrivals.entries()) {
    while ((arrivals[first]?.atMs ?? Infinity) <= atMs - windowMs) first += 1;
    if (atMs > sinceMs && !isRefused) most = Math.max(most, place - first + 1);
  }
  return most;
}
