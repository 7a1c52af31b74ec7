import {
  codeList,
  gatewayUrl,
  hours,
  oneOf,
  onOrOff,
  quota,
  textLike,
  textOfLength,
  wholeNumber,
  yuan,
} from "./setting-values.ts";
import { computed, required, secret, withDefault } from "./setting.ts";

const keyText = textOfLength(100, 16_384);

/** What the quota ledger and the freeze belong to. */
export const applicationSettings = {
  appId: required(
    "ALIPAY_APP_ID",
    textLike("1 to 64 letters, digits, `.`, `_` or `-`", /^[\w.-]{1,64}$/),
    "the application at Alipay",
  ),
  gatewayUrl: withDefault(
    "ALIPAY_GATEWAY_URL",
    "https://openapi.alipay.com/gateway.do",
    gatewayUrl,
    "the gateway, a region's gateway, a proxy, or the sandbox",
  ),
} as const;

/** The keys, as text. */
export const credentialSettings = {
  privateKey: secret(
    required("ALIPAY_PRIVATE_KEY", keyText, "the application's; PEM or bare base64, PKCS#1 or PKCS#8"),
  ),
  publicKey: secret(required("ALIPAY_PUBLIC_KEY", keyText, "Alipay's; PEM or bare base64")),
} as const;

/** A call and its retries. */
export const callSettings = {
  timeoutMs: withDefault(
    "ALIPAY_TIMEOUT_MS",
    "3000",
    wholeNumber(100, 60_000),
    "whole-call deadline, connect to last byte",
  ),
  priceTenThousandths: withDefault("ALIPAY_CALL_PRICE", "0.02", yuan(4, 1_000), "CNY per call"),
  // Three at most is a promise, not a preference.
  retryLimit: withDefault("RETRY_LIMIT", "3", wholeNumber(0, 3), "retries after the first call"),
  // The longest pause, before the last of three retries, is four times that.
  retryInitialDelayMs: withDefault(
    "RETRY_INITIAL_DELAY_MS",
    "5000",
    wholeNumber(0, 60_000),
    "wait before the first retry, then doubled each time",
  ),
} as const;

/** What calls may cost. */
export const spendingSettings = {
  minimumPerMonth: withDefault(
    "ALIPAY_MINIMUM_PER_MONTH",
    "0",
    yuan(4, 100_000_000),
    "CNY that are billed for a month in any case, as `spend` shows",
  ),
  budgetPerDay: computed(
    "BUDGET_PER_DAY",
    "none",
    () => undefined,
    yuan(4, 100_000_000),
    "CNY that calls may cost in a day at Alipay (GMT+8); no call is made beyond it",
  ),
  budgetPerMonth: computed(
    "BUDGET_PER_MONTH",
    "none",
    () => undefined,
    yuan(4, 100_000_000),
    "the same in a month",
  ),
  whenBudgetIsSpent: withDefault(
    "BUDGET_EXHAUSTED",
    "hold",
    oneOf("hold", "fallback"),
    "what needs a call then waits for the next day or month, or gets `FALLBACK_VERDICT` at once",
  ),
} as const;

/** How many calls there may be, and what stops them. */
export const quotaSettings = {
  isValueFirst: withDefault(
    "VALUE_FIRST",
    "on",
    onOrOff,
    "where permits are short, larger amounts go first; `off`: first come, first served",
  ),
  windows: withDefault(
    "ALIPAY_QUOTA",
    "20/1s,50000/1h",
    quota,
    "windows that all replicas together never exceed",
  ),
  history: withDefault(
    "ALIPAY_QUOTA_HISTORY",
    "unknown",
    oneOf("unknown", "none"),
    "a first start with an empty Redis: `none` says that no calls were made before",
  ),
  banCodes: computed(
    "ALIPAY_BAN_CODES",
    "none",
    () => [],
    codeList,
    "answers that count as a ban, besides `app-api-punished`",
  ),
  freezeMs: withDefault("FREEZE_HOURS", "24", hours(0.001, 8_760), "freeze after a ban signal"),
  limitStrikesPerDay: withDefault(
    "LIMIT_STRIKES_PER_DAY",
    "10",
    wholeNumber(1, 100_000),
    "limit answers in 24 h that must never be exceeded, and so the calls under way at once",
  ),
} as const;
