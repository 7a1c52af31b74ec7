import type { Quota } from "../../shared/domain/quota.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger-rules.ts";
import type { Arrival } from "./sorted-ring.ts";

/**
 * Which window a limit answer is put down to, by its place in the quota, as brake.lua finds it: the shortest one that
 * is judged by the log and held more than it ever did when a call was accepted; or else the shortest that held
 * anything. `arrivals` are in order, `held` is by window, without the refused call.
 */
export function windowToBlame(
  quota: Quota,
  held: readonly number[],
  arrivals: readonly Arrival[],
  sinceMs: number,
): number {
  const surprising = quota.findIndex(({ windowMs }, place) => {
    const calls = held[place] ?? 0;
    const isLogged = windowMs <= LEDGER_RULES.LONGEST_LOGGED_MS;
    return isLogged && calls > 0 && calls + 1 > mostAccepted(windowMs, arrivals, sinceMs);
  });
  if (surprising !== -1) return surprising;
  const shortest = held.findIndex((calls) => calls > 0);
  return Math.max(0, shortest);
}

/** The most calls, itself included, that the window held when one of the calls after `sinceMs` was accepted. */
function mostAccepted(windowMs: number, arrivals: readonly Arrival[], sinceMs: number): number {
  let [most, first] = [0, 0];
  for (const [place, { atMs, isRefused }] of arrivals.entries()) {
    while ((arrivals[first]?.atMs ?? Infinity) <= atMs - windowMs) first += 1;
    if (atMs > sinceMs && !isRefused) most = Math.max(most, place - first + 1);
  }
  return most;
}
