import { budgetUse, type Budgets, type WhenBudgetIsSpent } from "../../../shared/domain/budget.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import { formatPrice } from "../../../shared/domain/money.ts";
import type { CurrentFigures } from "../../../shared/redis/journal/read-books.ts";
import { BUDGET_SETTING } from "../budget-holds.ts";
import { inGroups } from "../in-groups.ts";

/** The budget that leaves the fewest calls. */
export interface BudgetRoom {
  readonly setting: string;
  /** In ten-thousandths of a yuan. */
  readonly budget: number;
  readonly callsLeft: number;
  /** When another one begins. */
  readonly endsAtMs: number;
  readonly whenSpent: WhenBudgetIsSpent;
}

export interface BudgetSettings {
  readonly budgetPerDay: number | undefined;
  readonly budgetPerMonth: number | undefined;
  readonly whenBudgetIsSpent: WhenBudgetIsSpent;
}

/** How many calls the budgets pay for now; undefined where there is none. Where none is set here, workers may have said it. */
export function budgetRoom(
  books: CurrentFigures,
  { budgetPerDay, budgetPerMonth, whenBudgetIsSpent }: BudgetSettings,
  callPrice: number,
): BudgetRoom | undefined {
  const budgets: Budgets = {
    day: budgetPerDay ?? books.day.stop?.budget,
    month: budgetPerMonth ?? books.month.stop?.budget,
  };
  const spent = { day: books.day.tenThousandths, month: books.month.tenThousandths, nowMs: books.nowMs };
  if (callPrice === 0) return undefined;
  const rooms = budgetUse(spent, budgets).map((use) => ({
    setting: BUDGET_SETTING[use.period],
    budget: use.budget,
    callsLeft: Math.max(0, Math.floor((use.budget - use.spent) / callPrice)),
    endsAtMs: use.endsAtMs,
    whenSpent: whenBudgetIsSpent,
  }));
  return rooms.toSorted((a, b) => a.callsLeft - b.callsLeft || b.endsAtMs - a.endsAtMs)[0];
}

/** How many of so many calls it does not pay for. */
const unpaid = (calls: number, { callsLeft }: BudgetRoom): number => Math.max(0, calls - callsLeft);

/** For a person: what becomes of so many calls. */
export function describeRoom(calls: number, room: BudgetRoom): string {
  const { setting, budget, callsLeft, endsAtMs, whenSpent } = room;
  const left = `${setting} of ${formatPrice(budget)} CNY leaves ${inGroups(callsLeft)} calls until ${formatInstant(endsAtMs)}`;
  const over = unpaid(calls, room);
  if (over === 0) return left;
  const then = whenSpent === "hold" ? "are held until then" : "get a fallback, no score";
  return `${left}: too few, ${inGroups(over)} ${then}`;
}

/** The same for programs. */
export function roomJson(calls: number, room: BudgetRoom) {
  const { setting, budget, callsLeft, endsAtMs, whenSpent } = room;
  return {
    setting,
    value: formatPrice(budget),
    currency: "CNY",
    callsLeft,
    callsUnpaid: unpaid(calls, room),
    whenSpent,
    endsAt: formatInstant(endsAtMs),
  };
}
