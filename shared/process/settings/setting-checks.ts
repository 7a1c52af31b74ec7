import { isPrivateHost } from "./private-host.ts";
import type { AllSettings } from "./settings.ts";

/** What must hold between settings. A check says nothing where a section is missing that it compares. */
interface SettingCheck {
  readonly id: string;
  readonly severity: "problem" | "warning";
  readonly find: (settings: Partial<AllSettings>) => string | undefined;
  /** What to do. */
  readonly cure: string;
}

/** From Shanghai (alipay's own region), a little generously. */
const USUAL_LATENCY_MS = 80;

/** Every check that needs more than one value, or that only warns. */
export const SETTING_CHECKS: readonly SettingCheck[] = [
  {
    id: "verdict-limits",
    severity: "problem",
    find: ({ policy }) =>
      policy !== undefined && policy.reviewAt > policy.declineAt
        ? "RISK_REVIEW_AT: must not be above RISK_DECLINE_AT"
        : undefined,
    cure: "set RISK_REVIEW_AT to RISK_DECLINE_AT or less",
  },
  {
    // A forgotten call is one call too many.
    id: "journal-outlasts-pauses",
    severity: "problem",
    find: ({ journal, calls }) =>
      journal !== undefined &&
      calls !== undefined &&
      journal.journalTtlSeconds * 1_000 <= longestPauseMs(calls)
        ? `JOURNAL_TTL_SECONDS: must outlast the longest pause between two calls, ${longestPauseMs(calls)} ms` +
          " (RETRY_INITIAL_DELAY_MS, doubled for each retry, and ALIPAY_TIMEOUT_MS)"
        : undefined,
    cure: "raise JOURNAL_TTL_SECONDS, best to its default of a week",
  },
  {
    id: "journal-outlasts-freeze",
    severity: "warning",
    find: ({ journal, quota }) =>
      journal !== undefined && quota !== undefined && journal.journalTtlSeconds * 1_000 < quota.freezeMs
        ? "JOURNAL_TTL_SECONDS: shorter than FREEZE_HOURS, so calls made before a freeze may be forgotten in it"
        : undefined,
    cure: "raise JOURNAL_TTL_SECONDS above FREEZE_HOURS",
  },
  {
    id: "journal-outlasts-results",
    severity: "warning",
    find: ({ journal }) =>
      journal !== undefined && journal.journalTtlSeconds < journal.resultTtlSeconds
        ? "JOURNAL_TTL_SECONDS: shorter than RESULT_TTL_SECONDS, so a result that can still be read may be paid for again"
        : undefined,
    cure: "raise JOURNAL_TTL_SECONDS to RESULT_TTL_SECONDS or more",
  },
  {
    id: "grace-for-calls",
    severity: "warning",
    find: ({ worker, calls }) =>
      worker !== undefined && calls !== undefined && worker.shutdownGraceMs < calls.timeoutMs
        ? "SHUTDOWN_GRACE_MS: shorter than ALIPAY_TIMEOUT_MS, so a stop may cut off calls that are paid for"
        : undefined,
    cure: "raise SHUTDOWN_GRACE_MS above ALIPAY_TIMEOUT_MS",
  },
  {
    id: "budget-affords-a-call",
    severity: "warning",
    find: ({ spending, calls }) => {
      const budgets = [spending?.budgetPerDay ?? Infinity, spending?.budgetPerMonth ?? Infinity];
      return calls !== undefined && Math.min(...budgets) < calls.priceTenThousandths
        ? "BUDGET_PER_DAY, BUDGET_PER_MONTH: less than ALIPAY_CALL_PRICE, so no call can be made"
        : undefined;
    },
    cure: "raise the budget to the price of a call or more, or leave it out",
  },
  {
    id: "budget-reaches-minimum",
    severity: "warning",
    find: ({ spending }) =>
      spending !== undefined && (spending.budgetPerMonth ?? Infinity) < spending.minimumPerMonth
        ? "BUDGET_PER_MONTH: less than ALIPAY_MINIMUM_PER_MONTH, which is billed in any case: calls are held back that cost nothing more"
        : undefined,
    cure: "raise BUDGET_PER_MONTH to ALIPAY_MINIMUM_PER_MONTH or more",
  },
  {
    // Commands that only look make no calls.
    id: "history-left-on",
    severity: "warning",
    find: ({ worker, quota }) =>
      worker !== undefined && quota?.history === "none"
        ? "ALIPAY_QUOTA_HISTORY: none is a word about the first start only; take it away once that has happened," +
          " or a Redis that lost its data together with all replicas is trusted to be new"
        : undefined,
    cure: "take ALIPAY_QUOTA_HISTORY away once the first worker has started",
  },
  {
    // Never more calls are under way than may be refused.
    id: "strikes-bear-quota",
    severity: "warning",
    find: ({ worker, quota }) =>
      worker !== undefined && quota !== undefined && answersWithinMs(quota) < USUAL_LATENCY_MS
        ? `LIMIT_STRIKES_PER_DAY: ${quota.limitStrikesPerDay} calls may be under way at once, so the quota is used up` +
          ` only where the gateway answers within ${Math.floor(answersWithinMs(quota))} ms on average`
        : undefined,
    cure: "raise LIMIT_STRIKES_PER_DAY if your contract bears more limit answers, or lower ALIPAY_QUOTA",
  },
  {
    id: "plain-http-gateway",
    severity: "warning",
    find: ({ application }) =>
      application !== undefined && isPublicPlainHttp(new URL(application.gatewayUrl))
        ? "ALIPAY_GATEWAY_URL: http: to a public host shows every transaction on the way; use https:"
        : undefined,
    cure: "let ALIPAY_GATEWAY_URL begin with https:",
  },
];

function longestPauseMs({ retryInitialDelayMs, retryLimit, timeoutMs }: AllSettings["calls"]): number {
  const lastDelayMs = retryLimit === 0 ? 0 : retryInitialDelayMs * 2 ** (retryLimit - 1);
  return lastDelayMs + timeoutMs;
}

/** How fast answers must come for all of the quota, where no more calls are unanswered than strikes are left. */
function answersWithinMs({ windows, limitStrikesPerDay }: AllSettings["quota"]): number {
  return limitStrikesPerDay * Math.max(...windows.map(({ calls, windowMs }) => windowMs / calls));
}

function isPublicPlainHttp(url: URL): boolean {
  return url.protocol === "http:" && !isPrivateHost(url.hostname);
}
