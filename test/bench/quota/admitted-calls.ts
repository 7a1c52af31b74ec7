import type { Quota } from "../../../shared/domain/quota.ts";

/**
 * How many calls a quota admits from one moment to another, after `earlier` calls (in order): to a caller that never
 * hesitates, and spreads its calls evenly over the shortest window. What replicas make of them is their utilisation.
 */
export function admittedCalls(
  quota: Quota,
  earlier: readonly number[],
  fromMs: number,
  toMs: number,
): number {
  const calls = [...earlier];
  const stepMs = Math.max(0, ...quota.slice(0, 1).map((shortest) => shortest.windowMs / shortest.calls));
  const momentAfter = (count: number, ms: number): number => (calls.at(-count) ?? -Infinity) + ms;
  for (;;) {
    const nextMs = Math.max(
      fromMs,
      momentAfter(1, stepMs),
      ...quota.map((window) => momentAfter(window.calls, window.windowMs)),
    );
    if (nextMs > toMs) return calls.length - earlier.length;
    calls.push(nextMs);
  }
}
