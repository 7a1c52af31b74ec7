import { CHANGES, type Change } from "../../domain/payer-change.ts";
import { computed, required, secret, withDefault, type Setting } from "./setting.ts";
import { systemUser } from "./system-user.ts";
import {
  amqpUrl,
  codeList,
  decimalNumber,
  gatewayUrl,
  hours,
  httpPort,
  namespaceName,
  oneOf,
  onOrOff,
  quota,
  redisUrl,
  textLike,
  textOfLength,
  wholeNumber,
  yuan,
  type HttpPort,
} from "./setting-values.ts";
import { limitsByCategory, limitsByCurrency, wordList } from "./setting-lists.ts";

const SECONDS_OF_A_YEAR = 365 * 86_400;
const keyText = textOfLength(100, 16_384);

/** Every setting there is, by the part of the program that needs it: a command asks for its parts only. */
export const SETTINGS = {
  installation: {
    namespace: withDefault("NAMESPACE", "risk", namespaceName, "prefix of every broker and Redis name"),
    operator: computed(
      "RISKLINE_OPERATOR",
      "the system's user",
      systemUser,
      textLike("1 to 128 printable characters", /^\P{C}{1,128}$/u),
      "who is written into the audit",
    ),
    logLevel: withDefault(
      "LOG_LEVEL",
      "info",
      oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
      "the least level that is logged",
    ),
  },
  broker: {
    url: secret(withDefault("AMQP_URL", "amqp://localhost:5672", amqpUrl, "broker; `amqps:` for TLS")),
    hasResultsQueue: withDefault("RESULTS_QUEUE", "on", onOrOff, "`off`: the results exchange only"),
  },
  redis: {
    url: secret(withDefault("REDIS_URL", "redis://localhost:6379", redisUrl, "Redis; `rediss:` for TLS")),
  },
  journal: {
    resultTtlSeconds: withDefault(
      "RESULT_TTL_SECONDS",
      "86400",
      wholeNumber(1, SECONDS_OF_A_YEAR),
      "how long a result can be read in Redis",
    ),
    journalTtlSeconds: withDefault(
      "JOURNAL_TTL_SECONDS",
      "604800",
      wholeNumber(10, SECONDS_OF_A_YEAR),
      "how long calls made and outcomes are remembered, renewed at each touch",
    ),
    pseudonymKey: secret(
      computed(
        "PSEUDONYM_KEY",
        "made and kept in Redis",
        () => undefined,
        textOfLength(16, 1_024),
        "key of the HMAC that stands for a person in Redis, metrics and logs",
      ),
    ),
  },
  /** What the quota ledger and the freeze belong to. */
  application: {
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
  },
  credentials: {
    privateKey: secret(
      required("ALIPAY_PRIVATE_KEY", keyText, "the application's; PEM or bare base64, PKCS#1 or PKCS#8"),
    ),
    publicKey: secret(required("ALIPAY_PUBLIC_KEY", keyText, "Alipay's; PEM or bare base64")),
  },
  calls: {
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
  },
  spending: {
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
  },
  quota: {
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
  },
  policy: {
    scoreAboveFen: withDefault(
      "SCORE_ABOVE",
      "0",
      yuan(2, 100_000_000),
      "amount above which the API is always called; 0 scores everything",
    ),
    scoreAboveByCurrency: computed(
      "SCORE_ABOVE_BY_CURRENCY",
      "none: always scored",
      () => [],
      limitsByCurrency,
      "the same for other currencies",
    ),
    scoreAboveByCategory: computed(
      "SCORE_ABOVE_BY_CATEGORY",
      "none",
      () => [],
      limitsByCategory,
      "amounts in CNY by merchant category; they win over `SCORE_ABOVE`, and 0 over every currency",
    ),
    belowThreshold: withDefault(
      "BELOW_THRESHOLD",
      "approve",
      oneOf("approve", "score"),
      "what to do at or below `SCORE_ABOVE` without a stored score",
    ),
    alwaysScoreOn: computed(
      "ALWAYS_SCORE_ON",
      "nothing",
      (): readonly Change[] => [],
      wordList(...CHANGES),
      "changes since the payer's stored score that are scored whatever the amount is",
    ),
    amountJump: withDefault(
      "AMOUNT_JUMP",
      "10",
      wholeNumber(2, 10_000),
      "an amount is a change where it is more than so many times the scored one",
    ),
    placeJumpKm: withDefault(
      "PLACE_JUMP_KM",
      "500",
      wholeNumber(50, 20_000),
      "a place is a change where it is farther from the scored one",
    ),
    cacheTtlSeconds: withDefault(
      "CACHE_TTL_SECONDS",
      "300",
      wholeNumber(0, 86_400),
      "how long a returning user's score is used; 0 never",
    ),
    reviewAt: withDefault("RISK_REVIEW_AT", "0.5", decimalNumber(0, 1), "score from which on it is `review`"),
    declineAt: withDefault(
      "RISK_DECLINE_AT",
      "0.8",
      decimalNumber(0, 1),
      "score from which on it is `decline`",
    ),
    fallbackVerdict: withDefault(
      "FALLBACK_VERDICT",
      "review",
      oneOf("approve", "review", "decline"),
      "verdict on a transaction that nobody could answer before its `decideBy`",
    ),
    upgradesLate: withDefault(
      "UPGRADE_LATE",
      "off",
      onOrOff,
      "`on`: after a fallback the true score still follows as revision 2, when quota is free",
    ),
  },
  worker: {
    // Shared out among four queues; and one consumer sees at most 65,535 deliveries of a quorum queue.
    prefetch: withDefault("PREFETCH", "250", wholeNumber(4, 2_000), "deliveries a replica may hold"),
    shutdownGraceMs: withDefault(
      "SHUTDOWN_GRACE_MS",
      "25000",
      wholeNumber(0, 600_000),
      "how long a stopping worker may finish what it has in hand",
    ),
    httpPort: computed(
      "HTTP_PORT",
      "9464",
      (): HttpPort => ({ port: 9_464, isExplicit: false }),
      httpPort,
      "`/livez`, `/readyz`, `/metrics`; 0 is any free port; if the default is taken, the next free one",
    ),
  },
} as const;

/** A part of the settings. */
export type Section = keyof typeof SETTINGS;

const isSection = (name: string): name is Section => name in SETTINGS;

/** Every part, in the table's order. */
export const ALL_SECTIONS: readonly Section[] = Object.keys(SETTINGS).filter(isSection);

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The values of all sections. */
export type AllSettings = {
  readonly [S in Section]: {
    readonly [Key in keyof (typeof SETTINGS)[S]]: ValueOf<(typeof SETTINGS)[S][Key]>;
  };
};

/** Every row of the table, in its order. */
export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS).flatMap((section) =>
  Object.values<Setting<unknown>>(section),
);
