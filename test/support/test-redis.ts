import { inject, onTestFinished } from "vitest";
import { closeRedis, openRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { removeKeys } from "../../shared/redis/remove-keys.ts";
import { newNamespace } from "./new-namespace.ts";

/** One test's part of Redis. */
export interface TestRedis {
  readonly redis: RedisClient;
  readonly namespace: string;
}

/** Opens it; emptied and closed when the test ends. */
export async function testRedis(): Promise<TestRedis> {
  const redis = await openRedis(inject("redisUrl"));
  const namespace = newNamespace();
  onTestFinished(async () => {
    await removeKeys(redis, `${namespace}:*`);
    await closeRedis(redis);
  });
  return { redis, namespace };
}
