import { formatInstant } from "./instant.ts";

/** A stretch of time that is paid for together, by Alipay's calendar (GMT+8). */
export type Period = "day" | "month";

const CHINA = "+08:00";

/** The day at Alipay: "2026-11-23". */
export const dayAt = (epochMs: number): string => formatInstant(epochMs).slice(0, 10);

/** The month at Alipay: "2026-11". */
export const monthAt = (epochMs: number): string => formatInstant(epochMs).slice(0, 7);

/** The moment at which a day or month at Alipay ends and the next one begins; milliseconds since the epoch. */
export function endOf(period: Period, epochMs: number): number {
  if (period === "day") return Date.parse(`${dayAt(epochMs)}T00:00:00${CHINA}`) + 86_400_000;
  const [year = 0, month = 0] = monthAt(epochMs).split("-").map(Number);
  const next = month === 12 ? [year + 1, 1] : [year, month + 1];
  return Date.parse(`${next.map((part) => String(part).padStart(2, "0")).join("-")}-01T00:00:00${CHINA}`);
}

/** The days of a month, "2026-11": from "2026-11-01" on. */
export function daysOf(month: string): string[] {
  const firstMs = Date.parse(`${month}-01T00:00:00${CHINA}`);
  const days = Math.round((endOf("month", firstMs) - firstMs) / 86_400_000);
  return Array.from({ length: days }, (_, i) => `${month}-${String(i + 1).padStart(2, "0")}`);
}
