import type { Shutdown } from "../../shared/process/shutdown.ts";
import { checkDatabase, closeRedis, createRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { persist } from "../../shared/redis/persist.ts";
import type { WorkerLog } from "./worker-log.ts";

/**
 * Waits for Redis however long it takes.
 * @throws where it refuses the credentials or the database: that is for a person to mend
 */
export async function openPatientRedis(
  url: string,
  observer: WorkerLog["redis"],
  shutdown: Shutdown,
): Promise<RedisClient> {
  let refusal: Error | undefined;
  const redis = createRedis(url, {
    onReady: observer.onAnswer,
    onTrouble: (error) => {
      observer.onTrouble(error);
      if (/WRONGPASS|NOAUTH|NOPERM/.test(error.message)) refusal = error;
    },
  });
  shutdown.register("redis", () => closeRedis(redis));
  await redis.connect().catch(() => undefined); // why not was told as an event, and it goes on trying
  const check = async (): Promise<void> => {
    if (refusal === undefined) await redis.ping();
  };
  await persist(check, { ...observer, signal: shutdown.soft });
  if (refusal !== undefined)
    throw new Error("REDIS_URL: Redis refuses these credentials", { cause: refusal });
  await checkDatabase(redis).catch((error: unknown) => {
    throw new Error("REDIS_URL: the database cannot be used", { cause: error });
  });
  return redis;
}
