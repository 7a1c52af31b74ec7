import {
  amqpUrl,
  httpPort,
  namespaceName,
  oneOf,
  onOrOff,
  redisUrl,
  textLike,
  textOfLength,
  wholeNumber,
  type HttpPort,
} from "./setting-values.ts";
import { computed, secret, withDefault } from "./setting.ts";
import { systemUser } from "./system-user.ts";

const SECONDS_OF_A_YEAR = 365 * 86_400;

/** What everything of an installation shares. */
export const installationSettings = {
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
} as const;

/** RabbitMQ. */
export const brokerSettings = {
  url: secret(withDefault("AMQP_URL", "amqp://localhost:5672", amqpUrl, "broker; `amqps:` for TLS")),
  hasResultsQueue: withDefault("RESULTS_QUEUE", "on", onOrOff, "`off`: the results exchange only"),
} as const;

/** Redis, as a server. */
export const redisSettings = {
  url: secret(withDefault("REDIS_URL", "redis://localhost:6379", redisUrl, "Redis; `rediss:` for TLS")),
} as const;

/** What is remembered, and for how long. */
export const journalSettings = {
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
} as const;

/** One replica. */
export const workerSettings = {
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
} as const;
