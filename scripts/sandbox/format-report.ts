import { formatWindow } from "./parse-quota.ts";
import type { Report } from "./report.ts";

/** The report as lines for a person. */
export function formatReport(report: Report): string {
  const rows = rowsOf(report);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

function rowsOf({ calls, transactions, ...report }: Report): [name: string, value: string][] {
  const skew = report.timestampSkewMs;
  return [
    ["scenario", report.scenario],
    ["calls", `${calls.arrived} arrived, ${calls.wellSigned} well signed`],
    ["first, last", calls.firstAt === null ? "none" : `${calls.firstAt}, ${calls.lastAt}`],
    ["answers", formatCounts(report.answers)],
    ["refusals", formatCounts(report.refusals)],
    ...report.quota.map((peak): [string, string] => [
      `busiest of ${formatWindow(peak)}`,
      `${peak.busiest}${peak.isExceeded ? " (quota exceeded)" : ""}`,
    ]),
    ["limit answers in 24 h", `${report.ban.strikes}${report.ban.isBanned ? " (banned)" : ""}`],
    ["invalid signatures", String(report.invalidSignatures)],
    ["nonces used again", String(report.nonceReuses)],
    ["time stamps", skew === null ? "none" : `${skew.min} to ${skew.max} ms against the gateway's clock`],
    ["transactions", `${transactions.distinct}, at most ${transactions.maxCalls} calls for one`],
    ["transactions by calls", formatCounts(transactions.histogram)],
  ];
}

function formatCounts(counts: Readonly<Record<string, number>>): string {
  const items = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
  return items.length === 0 ? "none" : items.join(", ");
}
