import type { QuotaWindow } from "./quota.ts";

/**
 * Calls per second that one replica surely carries. Measured: 200 to 360 on a small machine that has broker,
 * Redis and gateway on it, too; half of the least leaves room for slower ones.
 */
export const REPLICA_CALLS_PER_SECOND = 100;

/** A window, and what it counts and admits now. */
export interface WindowLoad extends QuotaWindow {
  readonly used: number;
  /** Calls that it admits now, fewer than `calls` where limit answers taught less. May have a fraction. */
  readonly effective: number;
}

/** Calls per second that all windows bear for as long as one likes. */
export function sustainedPerSecond(windows: readonly WindowLoad[]): number {
  return Math.min(...windows.map(({ effective, windowMs }) => (effective * 1_000) / windowMs));
}

/** How many replicas the quota can feed, one at least: any more only wait. */
export function usefulReplicas(windows: readonly WindowLoad[]): number {
  return Math.max(1, Math.ceil(sustainedPerSecond(windows) / REPLICA_CALLS_PER_SECOND));
}
