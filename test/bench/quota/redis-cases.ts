import { startOwnServer } from "../../../scripts/services/start-own-server.ts";
import { closeRedis, openRedis, type RedisClient } from "../../../shared/redis/connection.ts";
import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const BEFORE_SECONDS = 4;
const AWAY_SECONDS = 3;
/** What a copy does not know yet, or no more. */
const LOST_SECONDS = 3;
const HOUR = { calls: 150, spentBeforeTheLoss: 100 };

/** What a fault has to work with. */
interface Struck {
  readonly redis: Stage["redis"];
  readonly client: RedisClient;
  readonly run: (seconds: number) => Promise<void>;
  readonly stage: Stage;
}

interface RedisFault extends Pick<QuotaCase, "name" | "what" | "ownRedis"> {
  readonly strike: (struck: Struck) => Promise<void>;
}

const FAULTS: readonly RedisFault[] = [
  {
    name: "redis-stopped",
    what: `Redis stopped (SIGSTOP) for ${AWAY_SECONDS} s`,
    strike: async ({ redis, run }) => {
      await redis.server.pause();
      await run(AWAY_SECONDS);
      await redis.server.resume();
    },
  },
  {
    name: "redis-restarted",
    what: `Redis killed, and back with its data after ${AWAY_SECONDS} s`,
    strike: async ({ redis, run }) => {
      await redis.server.kill();
      await run(AWAY_SECONDS);
      await redis.server.start();
    },
  },
  {
    name: "redis-restarted-fast",
    what: "Redis killed, and back with its data at once",
    strike: async ({ redis }) => {
      await redis.server.kill();
      await redis.server.start();
    },
  },
  {
    name: "redis-old-rdb",
    what: `Redis killed, and back with data ${LOST_SECONDS} s old`,
    ownRedis: { appendonly: "no" },
    strike: async ({ redis, run, client }) => {
      await client.config("SET", "save", "");
      await client.save();
      await run(LOST_SECONDS);
      await redis.server.kill();
      await redis.server.start();
    },
  },
  {
    name: "redis-emptied",
    what: "Redis emptied (FLUSHALL)",
    strike: async ({ client }) => void (await client.flushall()),
  },
  {
    name: "redis-restarted-empty",
    what: "Redis killed, and back without any data",
    ownRedis: { appendonly: "no" },
    strike: async ({ redis, client }) => {
      await client.config("SET", "save", "");
      await redis.server.kill();
      await redis.server.start();
    },
  },
  {
    name: "scripts-flushed",
    what: "Redis forgets its scripts (SCRIPT FLUSH)",
    strike: async ({ client }) => void (await client.script("FLUSH")),
  },
  {
    name: "redis-failover",
    what: `failover to a replica of Redis that is ${LOST_SECONDS} s behind`,
    strike: failOver,
  },
];

/** Redis is broken while replicas are busy with it. */
export const REDIS_CASES: readonly QuotaCase[] = FAULTS.map(({ name, what, ownRedis = {}, strike }) => ({
  name,
  what,
  ownRedis,
  quota: "20/1s",
  replicas: 3,
  play: (stage) => strikeOnce(stage, strike),
}));

/** Needs the replicas' memory: without it, the rest of the hour's window would be rationed for an hour. */
export const REDIS_LONG_WINDOW_CASES: readonly QuotaCase[] = [
  {
    name: "emptied-in-the-hour",
    what: "Redis emptied when two thirds of the window of an hour are used up; the last third is still used",
    quota: `20/1s,${HOUR.calls}/1h`,
    replicas: 3,
    ownRedis: {},
    play: emptyWithinTheHour,
  },
];

async function strikeOnce(stage: Stage, strike: RedisFault["strike"]): Promise<void> {
  await stage.run(BEFORE_SECONDS);
  const run = (seconds: number): Promise<void> => stage.run(seconds);
  await strike({ redis: stage.redis, client: stage.pipeline.redis, run, stage });
  await stage.recover();
  await stage.run(Math.max(3, stage.extent.seconds - BEFORE_SECONDS));
}

/** The copy is made at once, as a replica's is that hears no more; containers could not reach each other's ports. */
async function failOver({ redis, client, run, stage }: Struck): Promise<void> {
  const second = await startOwnServer("redis", {}, () => undefined);
  stage.onClose(() => second.stop());
  const copy = await openRedis(second.url);
  await copyAll(client, copy);
  await closeRedis(copy);
  await run(LOST_SECONDS);
  redis.proxy.retarget(second.url);
}

async function copyAll(from: RedisClient, to: RedisClient): Promise<void> {
  for (const key of await from.keys("*")) {
    const [content, ttlMs] = await Promise.all([from.dumpBuffer(key), from.pttl(key)]);
    if (content !== null) await to.restore(key, Math.max(0, ttlMs), content);
  }
}

async function emptyWithinTheHour(stage: Stage): Promise<void> {
  const spend = (calls: number): Promise<boolean> =>
    stage.arrivals.comesTo(() => stage.arrivals.between(0).length >= calls, 60_000);
  await spend(HOUR.spentBeforeTheLoss);
  await stage.pipeline.redis.flushall();
  // What may have been granted unheard of, in the second since the replicas' memory, is taken for used.
  const unheardOf = 2 * 20;
  const isUsed = await spend(HOUR.calls - unheardOf);
  await stage.run(5);
  const calls = stage.arrivals.between(0).length;
  stage.figures["callsOfTheHour"] = calls;
  stage.promise(isUsed, `only ${calls} of ${HOUR.calls} calls were made: the rest of the hour is lost`);
}
