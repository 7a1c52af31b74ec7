import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** A command that got no answer in this time is over: with resending off, it would stay open for ever. */
const COMMAND_TIMEOUT_MS = 2_000;
/** A link that brought nothing for so long while answers were due is dead: TCP itself would notice after a quarter of an hour. */
const DEAD_LINK_MS = 5_000;
/** For a goodbye, and then for the link's end: a Redis that stands still does not keep a process that ends. */
const GOODBYE_MS = 500;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1_000;

export type RedisClient = Redis;

export interface RedisEvents {
  /** The link came up (again). */
  onReady?(): void;
  /** The link is down; it is being built again until `close`. */
  onTrouble?(error: Error): void;
}

/**
 * A connection that reports trouble at once instead of queueing: nothing is sent twice (a lost reply must not
 * become a second write), nothing waits in memory. Who needs patience asks `persist`.
 */
export function createRedis(url: string, events: RedisEvents = {}): Redis {
  let demoted: unknown;
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: DEAD_LINK_MS,
    connectTimeout: 5_000,
    disconnectTimeout: GOODBYE_MS,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    // A failover turns the primary we talk to into a replica: find the new one. Each yes ends the link once more, with a
    // listener and a timer: one for each link.
    reconnectOnError: (error) => {
      if (!error.message.startsWith("READONLY") || client.stream === demoted) return false;
      demoted = client.stream;
      return true;
    },
  });
  client.on("error", (error: Error) => events.onTrouble?.(error));
  client.on("ready", () => events.onReady?.());
  return client;
}

/**
 * Makes sure that the URL's database is the one that is used: where Redis refuses to select it, the driver goes on
 * with number 0, and replicas would not share one ledger.
 */
export async function checkDatabase(client: Redis): Promise<void> {
  const wanted = client.options.db ?? 0;
  const selected = / db=(\d+) /.exec(await client.client("INFO"))?.[1];
  if (selected !== undefined && Number(selected) !== wanted) {
    throw new Error(`there is no database ${wanted}`);
  }
}

/** Connects and waits for the first answer; a wrong password or an unreachable server is an error here. */
export async function openRedis(url: string, events: RedisEvents = {}): Promise<Redis> {
  const client = createRedis(url, events);
  try {
    await client.connect();
    await checkDatabase(client);
    return client;
  } catch (error) {
    client.disconnect();
    throw new Error(
      `Redis cannot be used (REDIS_URL): ${error instanceof Error ? error.message : "unknown"}`,
      {
        cause: error,
      },
    );
  }
}

/** Says goodbye where the link is up, and cuts it either way, within a second. */
export async function closeRedis(client: Redis): Promise<void> {
  if (client.status === "ready") {
    await Promise.race([client.quit().catch(() => undefined), sleep(GOODBYE_MS, undefined, { ref: false })]);
  }
  client.disconnect();
}
