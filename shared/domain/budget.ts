import { endOf, type Period } from "./alipay-calendar.ts";

/** The most that calls may cost, by day and by month at Alipay, in ten-thousandths of a yuan; undefined: no limit. */
export type Budgets = { readonly [P in Period]: number | undefined };

/** What calls cost so far, in the day and the month of a moment; in ten-thousandths of a yuan. */
export type Spent = { readonly [P in Period]: number } & {
  /** Redis' clock, milliseconds since the epoch. */
  readonly nowMs: number;
};

/** What to do with a transaction that needs a call once a budget is spent. */
export type WhenBudgetIsSpent = "hold" | "fallback";

/** How far a budget is spent. */
export interface BudgetUse {
  readonly period: Period;
  readonly budget: number;
  readonly spent: number;
  /** It is time to say so. */
  readonly isNearlySpent: boolean;
  /** When another one begins; milliseconds since the epoch. */
  readonly endsAtMs: number;
}

/** What budgets are set for: days and months in Beijing. */
export const PERIODS: readonly Period[] = ["day", "month"];
const NEARLY = { spent: 4, of: 5 };

/** What becomes of the budgets that are set. */
export function budgetUse(spent: Spent, budgets: Budgets): BudgetUse[] {
  return PERIODS.flatMap((period) => {
    const budget = budgets[period];
    if (budget === undefined) return [];
    const isNearlySpent = spent[period] * NEARLY.of >= budget * NEARLY.spent;
    return [{ period, budget, spent: spent[period], isNearlySpent, endsAtMs: endOf(period, spent.nowMs) }];
  });
}
