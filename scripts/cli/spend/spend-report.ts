import type { Figures, MerchantFigures, PeriodFigures } from "../../../shared/redis/journal/read-books.ts";

/** What `riskline spend` tells: a day or a month, and where it was asked for the month's days or merchants. */
export interface SpendReport {
  readonly total: PeriodFigures;
  readonly days?: readonly PeriodFigures[];
  readonly merchants?: readonly MerchantFigures[];
}

/** Results that had any source. */
export const resultsOf = ({ scored, cached, belowThreshold, fallback }: Figures): number =>
  scored + cached + belowThreshold + fallback;

/** The share of results that a stored score answered; undefined where there are none. */
export function hitRateOf(figures: Figures): number | undefined {
  const results = resultsOf(figures);
  return results === 0 ? undefined : figures.cached / results;
}

/** What will be billed, in ten-thousandths of a yuan: a month costs its minimum in any case. */
export function billedOf({ period, tenThousandths }: PeriodFigures, minimumPerMonth: number): number {
  return isMonth(period) ? Math.max(tenThousandths, minimumPerMonth) : tenThousandths;
}

/** "2026-11", and not "2026-11-23". */
export const isMonth = (period: string): boolean => period.length === "2026-11".length;

/** What to call a merchant to a person. */
export function merchantName(merchant: MerchantFigures["merchant"]): string {
  switch (merchant) {
    case "none":
      return "(no merchant)";
    case "other":
      return "(other merchants)";
    default:
      return merchant.id;
  }
}
