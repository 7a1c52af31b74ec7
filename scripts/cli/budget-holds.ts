import { PERIODS } from "../../shared/domain/budget.ts";
import { endOf } from "../../shared/domain/alipay-calendar.ts";
import { formatPrice } from "../../shared/domain/money.ts";
import type { HoldOverview, LedgerOverview } from "../../shared/redis/ledger/ledger-overview.ts";
import type { CurrentFigures } from "../../shared/redis/journal/read-books.ts";

/** Which setting is a period's budget. */
export const BUDGET_SETTING = { day: "BUDGET_PER_DAY", month: "BUDGET_PER_MONTH" } as const;

/** The ledger with the holds that are none of its own: an installation's calls that its budget does not pay for. */
export const withBudgetHolds = (ledger: LedgerOverview, books: CurrentFigures): LedgerOverview => ({
  ...ledger,
  holds: [...ledger.holds, ...budgetHolds(books)],
});

function budgetHolds(books: CurrentFigures): HoldOverview[] {
  return PERIODS.flatMap((period) => {
    const { stop } = books[period];
    if (stop === undefined) return [];
    const code = `${BUDGET_SETTING[period]} of ${formatPrice(stop.budget)} CNY is spent`;
    const remainingMs = endOf(period, books.nowMs) - books.nowMs;
    return [{ kind: "budget", code, sinceMs: stop.sinceMs, remainingMs, by: "the books" }];
  });
}
