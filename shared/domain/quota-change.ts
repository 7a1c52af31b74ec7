import type { Quota } from "./quota.ts";

/** What becomes of one window when a quota takes another's place; undefined where it is not there. */
export interface WindowChange {
  readonly windowMs: number;
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** More calls may be made than before. */
  readonly isLooser: boolean;
}

/** Compares two quotas window by window, shortest first. */
export function compareQuotas(before: Quota, after: Quota): WindowChange[] {
  const lengths = new Set([...before, ...after].map(({ windowMs }) => windowMs));
  return [...lengths]
    .toSorted((a, b) => a - b)
    .map((windowMs) => {
      const [was, is] = [callsIn(before, windowMs), callsIn(after, windowMs)];
      return { windowMs, before: was, after: is, isLooser: (is ?? Infinity) > (was ?? Infinity) };
    });
}

const callsIn = (quota: Quota, windowMs: number): number | undefined =>
  quota.find((window) => window.windowMs === windowMs)?.calls;
