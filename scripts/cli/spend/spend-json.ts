import { formatPrice } from "../../../shared/domain/money.ts";
import type { Figures } from "../../../shared/redis/journal/read-books.ts";
import { billedOf, hitRateOf, isMonth, type SpendReport } from "./spend-report.ts";

/** Spend as JSON has it; amounts are exact decimal text. */
export function spendJson({ total, days, merchants }: SpendReport, minimumPerMonth: number) {
  const { period, stop } = total;
  return {
    period,
    ...figuresJson(total),
    ...(isMonth(period)
      ? { minimum: yuan(minimumPerMonth), billed: yuan(billedOf(total, minimumPerMonth)) }
      : {}),
    spentBudget: stop === undefined ? null : yuan(stop.budget),
    ...(days && { days: days.map((day) => ({ period: day.period, ...figuresJson(day) })) }),
    ...(merchants && {
      merchants: merchants.map(({ merchant, ...figures }) => ({
        // Null with "none": transactions without a merchant; with "other": merchants that are not told apart.
        merchantId: typeof merchant === "object" ? merchant.id : null,
        group: typeof merchant === "object" ? "merchant" : merchant,
        ...figuresJson(figures),
      })),
    }),
  };
}

function figuresJson(figures: Figures) {
  const { calls, tenThousandths, scored, cached, belowThreshold, fallback } = figures;
  return {
    calls,
    cost: yuan(tenThousandths),
    results: { scored, cached, belowThreshold, fallback },
    hitRate: hitRateOf(figures) ?? null,
    saved: { byCache: yuan(figures.savedByCache), byThreshold: yuan(figures.savedByThreshold) },
  };
}

const yuan = (tenThousandths: number) => ({ value: formatPrice(tenThousandths), currency: "CNY" });
