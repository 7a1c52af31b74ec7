import type { QuotaWindow } from "./quota-meter.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Reads `20/1s,50000/1h`, or `none` for no limit at all; undefined where the text is neither. */
export function parseQuota(text: string): QuotaWindow[] | undefined {
  if (text === "none") return [];
  const windows = text.split(",").map(parseWindow);
  return windows.every((window) => window !== undefined) ? windows : undefined;
}

/** The text that `parseQuota` reads. */
export function formatWindow({ calls, windowMs }: QuotaWindow): string {
  const [unit, unitMs] = [...UNIT_MS].findLast(([, ms]) => windowMs % ms === 0) ?? ["s", 1_000];
  return `${calls}/${windowMs / unitMs}${unit}`;
}

function parseWindow(text: string): QuotaWindow | undefined {
  const [, calls, length, unit] = /^\s*(\d{1,9})\/(\d{1,5})([smhd])\s*$/.exec(text) ?? [];
  const windowMs = Number(length) * (UNIT_MS.get(unit ?? "") ?? NaN);
  return Number(calls) >= 1 && windowMs > 0 ? { calls: Number(calls), windowMs } : undefined;
}
