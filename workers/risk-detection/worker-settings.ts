import { createHash } from "node:crypto";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import type { Budgets } from "../../shared/domain/budget.ts";
import type { LastingCircumstances } from "../../shared/domain/decide.ts";
import type { RetryPolicy } from "../../shared/domain/retry-policy.ts";
import type { ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import { readScoringPolicy } from "../../shared/process/settings/read-scoring-policy.ts";
import { readEnvironment, type Environment } from "../../shared/process/settings/environment.ts";
import {
  readSettings,
  settingIfReadable,
  type Settings,
} from "../../shared/process/settings/read-settings.ts";
import { SETTINGS } from "../../shared/process/settings/settings.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";
import { readCredentials } from "./read-credentials.ts";

const SECTIONS = [
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
] as const;

/** By group, as the settings' table names them. */
export type WorkerSettings = Settings<(typeof SECTIONS)[number]>;

/**
 * All that a worker is told by its environment, the keys parsed.
 * @throws SettingsError with every problem of settings and keys
 */
export function readWorkerSettings(source: Environment = readEnvironment()): {
  readonly settings: WorkerSettings;
  readonly credentials: Credentials;
} {
  const problems: string[] = [];
  const settings = collecting(problems, () => readSettings(SECTIONS, source));
  const keys = collecting(problems, () =>
    readCredentials({
      privateKey: settingIfReadable(SETTINGS.credentials.privateKey, source),
      publicKey: settingIfReadable(SETTINGS.credentials.publicKey, source),
    }),
  );
  if (settings === undefined || keys === undefined) throw new SettingsError(problems);
  return { settings, credentials: { appId: settings.application.appId, ...keys } };
}

function collecting<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

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
