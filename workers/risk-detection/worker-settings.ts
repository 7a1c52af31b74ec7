import { createHash } from "node:crypto";
import type { Budgets } from "../../shared/domain/budget.ts";
import type { LastingCircumstances } from "../../shared/domain/decide.ts";
import type { RetryPolicy } from "../../shared/domain/retry-policy.ts";
import type { ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import { readScoringPolicy } from "../../shared/process/settings/read-scoring-policy.ts";
import { readSettings } from "../../shared/process/settings/read-settings.ts";

/** All that a worker is told by its environment. @throws SettingsError with every problem */
export const readWorkerSettings = () =>
  readSettings([
    "installation",
    "broker",
    "redis",
    "journal",
    "application",
    "credentials",
    "calls",
    "spending",
    "quota",
    "policy",
    "worker",
  ]);

/** By group, as the settings' table names them. */
export type WorkerSettings = ReturnType<typeof readWorkerSettings>;

/** In ten-thousandths of a yuan; undefined where none is set. */
export const budgetsOf = ({ spending }: WorkerSettings): Budgets => ({
  day: spending.budgetPerDay,
  month: spending.budgetPerMonth,
});

/** Which transactions are worth a call. */
export const scoringPolicyOf = ({ policy }: WorkerSettings): ScoringPolicy => readScoringPolicy(policy);

/** How often a transaction's call is made again, and after which wait. */
export const retryPolicyOf = ({ calls }: WorkerSettings): RetryPolicy => ({
  retryLimit: calls.retryLimit,
  initialDelayMs: calls.retryInitialDelayMs,
});

/** Whose ledger it is. */
export const ledgerOf = ({ application, credentials }: WorkerSettings) => ({
  appId: application.appId,
  gatewayUrl: application.gatewayUrl,
  credentialsId: createHash("sha256").update(credentials.privateKey).digest("base64url"),
});

/** What the worker of this name decides by. */
export const circumstancesOf = (worker: string, settings: WorkerSettings): LastingCircumstances => ({
  worker,
  verdictLimits: settings.policy,
  fallbackVerdict: settings.policy.fallbackVerdict,
  whenBudgetIsSpent: settings.spending.whenBudgetIsSpent,
  retryPolicy: retryPolicyOf(settings),
  callPrice: settings.calls.priceTenThousandths,
});
