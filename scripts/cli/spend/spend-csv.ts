import { formatPrice } from "../../../shared/domain/money.ts";
import type { Figures } from "../../../shared/redis/journal/read-books.ts";
import { hitRateOf, type SpendReport } from "./spend-report.ts";

const HEADER = [
  "period",
  "group",
  "merchant_id",
  "calls",
  "cost_cny",
  "scored",
  "from_cache",
  "below_threshold",
  "fallback",
  "hit_rate",
  "saved_by_cache_cny",
  "saved_by_threshold_cny",
];

/** Spend as CSV (RFC 4180): the days or merchants where they were asked for, or else the whole in one row. */
export function spendCsv({ total, days, merchants }: SpendReport): string {
  const { period } = total;
  const rows = days?.map((day) => row(day.period, "day", "", day)) ??
    merchants?.map(({ merchant, ...figures }) =>
      typeof merchant === "object"
        ? row(period, "merchant", asText(merchant.id), figures)
        : row(period, merchant, "", figures),
    ) ?? [row(period, "total", "", total)];
  return [HEADER, ...rows].map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

function row(period: string, group: string, merchantId: string, figures: Figures): string[] {
  const { calls, tenThousandths, scored, cached, belowThreshold, fallback } = figures;
  return [
    period,
    group,
    merchantId,
    String(calls),
    formatPrice(tenThousandths),
    ...[scored, cached, belowThreshold, fallback].map(String),
    hitRateOf(figures)?.toFixed(4) ?? "",
    formatPrice(figures.savedByCache),
    formatPrice(figures.savedByThreshold),
  ];
}

/** A producer's text: a spreadsheet would run what begins like a formula, so an apostrophe makes text of it. */
const asText = (text: string): string => (/^\s*[=+\-@]/.test(text) ? `'${text}` : text);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
