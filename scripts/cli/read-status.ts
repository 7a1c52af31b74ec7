import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { connect, type BrokerConnection } from "../../shared/amqp/connection.ts";
import { inspectQueues, type QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { dayAt } from "../../shared/domain/alipay-calendar.ts";
import { LANES } from "../../shared/domain/delivery.ts";
import { readEnvironment, type Environment } from "../../shared/process/settings/environment.ts";
import { readSettings, type Settings } from "../../shared/process/settings/read-settings.ts";
import { closeRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { readFailures, type FailureSummary } from "../../shared/redis/failure-list.ts";
import { readLedgerOverview, type LedgerOverview } from "../../shared/redis/ledger/ledger-overview.ts";
import { readCurrent, type CurrentFigures } from "../../shared/redis/journal/read-books.ts";
import { readPutOff, type PutOff } from "../../shared/redis/journal/read-put-off.ts";
import { redisNow } from "../../shared/redis/redis-now.ts";
import { attempt, type Attempt } from "./attempt.ts";
import { withBudgetHolds } from "./budget-holds.ts";
import { KeptConnection } from "./kept-connection.ts";
import { connectToRedis } from "./with-redis.ts";

/** The state of an installation, as far as its servers answer. */
export interface Status {
  readonly namespace: string;
  readonly queues: Attempt<readonly QueueCounts[]>;
  readonly redis: Attempt<{
    readonly spend: Attempt<CurrentFigures>;
    readonly putOff: Attempt<readonly PutOff[]>;
    /** The newest first. */
    readonly failures: Attempt<readonly FailureSummary[]>;
    /** Not there where no application is configured here. */
    readonly quota: Attempt<{ readonly ledger: LedgerOverview; readonly strikesPerDay: number }>;
  }>;
}

const LONGEST_WAIT_MS = 5_000;

/** Looks at an installation, as often as wanted, over connections that are kept in between. */
export class StatusReader {
  readonly warnings: readonly string[];
  readonly #environment: Environment;
  readonly #settings: Settings<"installation" | "broker" | "redis">;
  readonly #broker: KeptConnection<BrokerConnection>;
  readonly #redis: KeptConnection<RedisClient>;

  /** @throws SettingsError */
  constructor(environment: Environment = readEnvironment()) {
    this.#environment = environment;
    this.#settings = readSettings(["installation", "broker", "redis"], environment);
    this.warnings = this.#settings.warnings;
    const { broker, redis } = this.#settings;
    this.#broker = new KeptConnection(
      () => connect(broker.url, { name: "riskline status", firstAttempts: 1 }),
      (connection) => connection.close(),
    );
    this.#redis = new KeptConnection(() => connectToRedis(redis.url), closeRedis);
  }

  /** Asks both servers at once. */
  async read(): Promise<Status> {
    const [queues, redis] = await Promise.all([
      attempt(() => this.#broker.use((connection) => this.#readQueues(connection))),
      attempt(() => this.#redis.use((client) => this.#readRedis(client))),
    ]);
    return { namespace: this.#settings.installation.namespace, queues, redis };
  }

  async close(): Promise<void> {
    await Promise.all([this.#broker.close(), this.#redis.close()]);
  }

  async #readQueues(connection: BrokerConnection): Promise<QueueCounts[]> {
    const { installation, broker } = this.#settings;
    const names = brokerNames(installation.namespace);
    return inspectQueues(await connection.open(AbortSignal.timeout(LONGEST_WAIT_MS)), [
      ...LANES.map((lane) => names.lanes[lane]),
      names.waiting,
      ...(broker.hasResultsQueue ? [names.results] : []),
      names.deadLetters,
      names.undeliveredResults,
    ]);
  }

  async #readRedis(client: RedisClient) {
    const { namespace } = this.#settings.installation;
    const nowMs = await redisNow(client);
    const spend = await attempt(() => readCurrent(client, namespace));
    return {
      spend,
      putOff: await attempt(() => readPutOff(client, namespace, dayAt(nowMs))),
      failures: await attempt(() => readFailures(client, namespace, nowMs)),
      quota: await attempt(async () => {
        const { application, quota } = readSettings(["application", "quota"], this.#environment);
        const ledger = await readLedgerOverview(client, application, quota.windows);
        return {
          ledger: spend.ok ? withBudgetHolds(ledger, spend.value) : ledger,
          strikesPerDay: quota.limitStrikesPerDay,
        };
      }),
    };
  }
}
