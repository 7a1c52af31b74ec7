import { budgetUse, type Budgets, type BudgetUse, type Spent } from "../../shared/domain/budget.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import { formatPrice } from "../../shared/domain/money.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import type { Logger } from "../../shared/process/logger.ts";
import type { Metrics } from "../../shared/process/metrics.ts";

/** Hears what the journal books. */
export interface SpendingObserver {
  /** What all replicas' calls cost so far. */
  readonly onSpent: (spent: Spent) => void;
  /** An outcome was stored that is not somebody else's. */
  readonly onFirstOutcome: (outcome: Outcome) => void;
}

interface SpendingObserverOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What one call costs, in ten-thousandths of a yuan. */
  readonly callPrice: number;
  readonly budgets: Budgets;
}

/** Which answers save a call. */
const SAVES_A_CALL: ReadonlySet<string> = new Set(["cache", "below-threshold"]);

/** Tells what is spent and saved; that a budget is nearly spent, once a day or month. */
export function createSpendingObserver(options: SpendingObserverOptions): SpendingObserver {
  const { metrics, callPrice, budgets } = options;
  const warnedOf = new Map<BudgetUse["period"], number>();
  return {
    onSpent: (spent) => {
      for (const use of budgetUse(spent, budgets)) {
        metrics.budgetSeen(use);
        if (!use.isNearlySpent || warnedOf.get(use.period) === use.endsAtMs) continue;
        warnedOf.set(use.period, use.endsAtMs);
        sayNearlySpent(use, options.log);
      }
    },
    onFirstOutcome: (outcome) => {
      // A true score that follows a fallback is no further result.
      if (outcome.kind !== "result" || outcome.result.revision > 1) return;
      const { source } = outcome.result;
      metrics.resultStored({ source, saved: SAVES_A_CALL.has(source) ? callPrice : 0 });
    },
  };
}

function sayNearlySpent({ period, spent, budget, endsAtMs }: BudgetUse, log: Logger): void {
  log.warn("budget-nearly-spent", {
    period,
    spent: formatPrice(spent),
    budget: formatPrice(budget),
    until: formatInstant(endsAtMs),
  });
}
