import { Counter, Gauge, type Registry } from "prom-client";
import { boundedLabels } from "./bounded-labels.ts";

/** What the worker records of money; all of it in ten-thousandths of a yuan. */
export interface SpendingMetrics {
  /** Calls were paid for. */
  readonly spent: (tenThousandths: number) => void;
  /** A result was stored for the first time; `saved`: what the call that it did not need costs. */
  readonly resultStored: (result: { readonly source: string; readonly saved: number }) => void;
  /** How far a budget is spent, by all replicas. */
  readonly budgetSeen: (use: {
    readonly period: string;
    readonly budget: number;
    readonly spent: number;
  }) => void;
}

/** In which Prometheus is told. */
const YUAN = 10_000;

/** Registers them. */
export function spendingMetrics(registry: Registry): SpendingMetrics {
  const registers = [registry];
  const results = new Counter({
    name: "riskline_results_total",
    help: "Results of this replica that were stored first, each once, by source",
    labelNames: ["source"],
    registers,
  });
  // Kept as integers: a counter of hundredths of a yuan would drift.
  let spent = 0;
  const saved = new Map<string, number>();
  registry.registerMetric(
    new Counter({
      name: "riskline_spend_cny_total",
      help: "What this replica's calls cost, in CNY",
      registers: [],
      collect() {
        this.reset();
        this.inc(spent / YUAN);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: "riskline_saved_cny_total",
      help: "What calls would have cost that were not needed, in CNY, by the source that answered instead",
      labelNames: ["source"],
      registers: [],
      collect() {
        this.reset();
        for (const [source, tenThousandths] of saved) this.inc({ source }, tenThousandths / YUAN);
      },
    }),
  );
  const ofBudget = (name: string, help: string) =>
    new Gauge({ name: `riskline_budget_${name}`, help, labelNames: ["period"], registers });
  const limit = ofBudget("cny", "The budget for calls, in CNY, by day and month");
  const used = ofBudget(
    "spent_cny",
    "What calls of all replicas cost in the day or month of this replica's last call",
  );
  const bySource = boundedLabels(20);
  return {
    spent: (tenThousandths) => {
      spent += tenThousandths;
    },
    resultStored: (result) => {
      const source = bySource(result.source);
      results.inc({ source });
      if (result.saved > 0) saved.set(source, (saved.get(source) ?? 0) + result.saved);
    },
    budgetSeen: (use) => {
      limit.set({ period: use.period }, use.budget / YUAN);
      used.set({ period: use.period }, use.spent / YUAN);
    },
  };
}
