import { formatInstant } from "../../../shared/domain/instant.ts";
import { formatPrice } from "../../../shared/domain/money.ts";
import type { Figures } from "../../../shared/redis/journal/read-books.ts";
import { fitRows, terminalColumns } from "../fit-rows.ts";
import { inGroups } from "../in-groups.ts";
import { billedOf, hitRateOf, isMonth, merchantName, resultsOf, type SpendReport } from "./spend-report.ts";

type Row = readonly [name: string, value: string];

/** The columns of the table of days or merchants. */
const COLUMNS: readonly (readonly [title: string, valueOf: (figures: Figures) => string])[] = [
  ["calls", ({ calls }) => inGroups(calls)],
  ["CNY", ({ tenThousandths }) => formatPrice(tenThousandths)],
  ["scored", ({ scored }) => inGroups(scored)],
  ["from cache", ({ cached }) => inGroups(cached)],
  ["below threshold", ({ belowThreshold }) => inGroups(belowThreshold)],
  ["fallback", ({ fallback }) => inGroups(fallback)],
  ["hit rate", hitRateText],
  ["saved, CNY", ({ savedByCache, savedByThreshold }) => formatPrice(savedByCache + savedByThreshold)],
];
const GAP = "  ";

/** Spend for a person. */
export function formatSpend({ total, days, merchants }: SpendReport, minimumPerMonth: number): string {
  const { period, tenThousandths, stop } = total;
  const billed: Row[] = isMonth(period)
    ? [["billed", billedText(billedOf(total, minimumPerMonth), tenThousandths)]]
    : [];
  const stopped: Row[] =
    stop === undefined
      ? []
      : [["budget", `${formatPrice(stop.budget)} CNY, spent since ${formatInstant(stop.sinceMs)}`]];
  const summary = fitRows([
    [isMonth(period) ? "month" : "day", period],
    ["calls", inGroups(total.calls)],
    ["spent", `${formatPrice(tenThousandths)} CNY`],
    ...billed,
    ...stopped,
    ["results", resultsText(total)],
    ["hit rate", hitRateText(total)],
    ["saved by cache", `${formatPrice(total.savedByCache)} CNY`],
    ["saved by threshold", `${formatPrice(total.savedByThreshold)} CNY`],
  ]);
  const parts = [
    ...(days ?? []).map((day) => [day.period, day] as const),
    ...(merchants ?? []).map((figures) => [merchantName(figures.merchant), figures] as const),
  ];
  if (parts.length === 0) return summary;
  return `${summary}\n${formatParts(days === undefined ? "merchant" : "day", parts)}`;
}

function billedText(billed: number, spent: number): string {
  return `${formatPrice(billed)} CNY${billed > spent ? ", the month's minimum" : ""}`;
}

function resultsText(figures: Figures): string {
  const { scored, cached, belowThreshold, fallback } = figures;
  const parts = [
    `${inGroups(scored)} scored`,
    `${inGroups(cached)} from cache`,
    `${inGroups(belowThreshold)} below the threshold`,
    `${inGroups(fallback)} fallback`,
  ];
  return `${inGroups(resultsOf(figures))}: ${parts.join(", ")}`;
}

function hitRateText(figures: Figures): string {
  const rate = hitRateOf(figures);
  return rate === undefined ? "-" : `${(rate * 100).toFixed(1)} %`;
}

/** A table, or where the terminal is too narrow for it a paragraph for each. */
function formatParts(title: string, parts: readonly (readonly [name: string, figures: Figures])[]): string {
  const rows = parts.map(([name, figures]) => [name, ...COLUMNS.map(([, valueOf]) => valueOf(figures))]);
  const table = [[title, ...COLUMNS.map(([column]) => column)], ...rows];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => (row[at] ?? "").length))) ?? [];
  const line = (row: readonly string[]): string =>
    `${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(GAP)}\n`;
  if (line(table[0] ?? []).length <= terminalColumns()) return table.map(line).join("");
  return fitRows(
    parts.map(([name, figures]) => [
      name,
      COLUMNS.map(([column, valueOf]) => `${column} ${valueOf(figures)}`).join(", "),
    ]),
  );
}
