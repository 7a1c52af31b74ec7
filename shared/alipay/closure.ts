import type { HoldKind } from "../domain/permit.ts";

/** Nobody passes the turnstile until then; monotonic milliseconds. */
export interface Closure {
  readonly cause: HoldKind | "quota";
  readonly untilMs: number;
}

/** How long somebody stays at a closed turnstile. */
interface Stay {
  readonly leavesWhenHeld: boolean;
  readonly leavesWhenBroke: boolean;
  readonly untilMs: number;
}

/** A hold that lasts longer sends away who need not stay: others stand behind them who need no call. */
export const LONGEST_SAT_OUT_MS = 5_000;

/** A full quota is waited for as long as patience lasts, a hold only where it is short. */
export function leavesBefore({ cause, untilMs }: Closure, stay: Stay, nowMs: number): boolean {
  if (cause === "budget" && stay.leavesWhenBroke) return true;
  const staysUntilMs = cause === "quota" ? Infinity : nowMs + LONGEST_SAT_OUT_MS;
  return stay.leavesWhenHeld && untilMs > Math.min(stay.untilMs, staysUntilMs);
}
