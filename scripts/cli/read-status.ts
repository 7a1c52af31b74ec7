import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { connect } from "../../shared/amqp/connection.ts";
import { inspectQueues, type QueueCounts } from "../../shared/amqp/inspect-queues.ts";
import { LANES } from "../../shared/domain/delivery.ts";
import { readSettings, type Settings } from "../../shared/process/settings/read-settings.ts";
import type { RedisClient } from "../../shared/redis/connection.ts";
import { readLedgerOverview, type LedgerOverview } from "../../shared/redis/ledger-overview.ts";
import { readCurrent, type CurrentFigures } from "../../shared/redis/read-books.ts";
import { readPutOff, type PutOff } from "../../shared/redis/read-put-off.ts";
import { withBudgetHolds } from "./budget-holds.ts";
import { readCommandSettings } from "./read-command-settings.ts";
import { withRedis } from "./with-redis.ts";

/** What was found, or why it was not. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** The state of an installation, as far as its servers answer. */
export interface Status {
  readonly namespace: string;
  readonly queues: Attempt<readonly QueueCounts[]>;
  readonly redis: Attempt<{
    readonly spend: CurrentFigures;
    readonly putOff: readonly PutOff[];
    /** Not there where no application is configured here. */
    readonly quota: Attempt<{ readonly ledger: LedgerOverview; readonly strikesPerDay: number }>;
  }>;
}

/** Asks both servers at once. @throws SettingsError */
export async function readStatus(): Promise<Status> {
  const settings = readCommandSettings(["installation", "broker", "redis"]);
  const [queues, redis] = await Promise.all([
    attempt(() => readQueues(settings)),
    attempt(() => readRedis(settings)),
  ]);
  return { namespace: settings.installation.namespace, queues, redis };
}

async function readQueues({
  installation,
  broker,
}: Settings<"installation" | "broker">): Promise<QueueCounts[]> {
  const names = brokerNames(installation.namespace);
  const connection = await connect(broker.url, { name: "riskline status", firstAttempts: 1 });
  try {
    return await inspectQueues(await connection.open(AbortSignal.timeout(LONGEST_WAIT_MS)), [
      ...LANES.map((lane) => names.lanes[lane]),
      names.waiting,
      ...(broker.hasResultsQueue ? [names.results] : []),
      names.deadLetters,
      names.undeliveredResults,
    ]);
  } finally {
    await connection.close();
  }
}

const LONGEST_WAIT_MS = 5_000;

async function readRedis({ installation, redis }: Settings<"installation" | "redis">) {
  const { namespace } = installation;
  return withRedis(redis.url, async (client) => {
    const spend = await readCurrent(client, namespace);
    const putOff = await readPutOff(client, namespace, spend.day.period);
    return { spend, putOff, quota: await attempt(() => readQuota(client, spend)) };
  });
}

async function readQuota(client: RedisClient, spend: CurrentFigures) {
  const { application, quota } = readSettings(["application", "quota"]);
  const ledger = await readLedgerOverview(client, application, quota.windows);
  return { ledger: withBudgetHolds(ledger, spend), strikesPerDay: quota.limitStrikesPerDay };
}

async function attempt<T>(find: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await find() };
  } catch (error) {
    return { ok: false, error };
  }
}
