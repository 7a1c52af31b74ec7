import { parsed, refused, type Parsed } from "./parsed.ts";

/** At most `calls` calls in any stretch of `windowMs` milliseconds. */
export interface QuotaWindow {
  readonly calls: number;
  readonly windowMs: number;
}

/** The windows that all replicas together never exceed, shortest first, at least one. */
export type Quota = readonly QuotaWindow[];

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** The ledger remembers calls for this long; a longer window could not be kept. */
const LONGEST_WINDOW_MS = 31 * 86_400_000;
const MOST_WINDOWS = 8;

/** Reads `calls/window` items such as `20/1s,50000/1h`; `s` alone is `1s`. */
export function parseQuota(text: string): Parsed<Quota> {
  const windows = new Map<number, number>();
  for (const item of text.split(",")) {
    const match = /^\s*(\d{1,12})\s*\/\s*(\d{1,6})?\s*([smhd])\s*$/.exec(item);
    const unitMs = UNIT_MS[match?.[3] ?? ""];
    if (match === null || unitMs === undefined) {
      return refused(
        `"${item.trim()}" is not calls/window, such as 20/1s or 50000/1h (windows in s, m, h, d)`,
      );
    }
    const calls = Number(match[1]);
    const windowMs = Number(match[2] ?? "1") * unitMs;
    if (calls < 1) return refused(`"${item.trim()}" allows no call: at least 1 is needed`);
    if (windowMs < 1_000 || windowMs > LONGEST_WINDOW_MS) {
      return refused(`"${item.trim()}": a window lasts from 1s to 31d`);
    }
    windows.set(windowMs, Math.min(calls, windows.get(windowMs) ?? Infinity));
  }
  if (windows.size > MOST_WINDOWS) return refused(`at most ${MOST_WINDOWS} windows`);
  return parsed(
    [...windows]
      .map(([windowMs, calls]) => ({ calls, windowMs }))
      .toSorted((a, b) => a.windowMs - b.windowMs),
  );
}

/** The text form that `parseQuota` reads, in the largest unit that fits. */
export function formatQuota(quota: Quota): string {
  return quota.map(({ calls, windowMs }) => `${calls}/${formatWindow(windowMs)}`).join(",");
}

/** A window's length as `ALIPAY_QUOTA` has it: "1s", "24h" as "1d". */
export function formatWindow(windowMs: number): string {
  const unit = ["d", "h", "m"].find((name) => windowMs % (UNIT_MS[name] ?? 1) === 0) ?? "s";
  return `${windowMs / (UNIT_MS[unit] ?? 1)}${unit}`;
}
