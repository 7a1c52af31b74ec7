import type { Redis } from "ioredis";

/** Takes all keys of a pattern out of Redis. */
export async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  const keys = await redis.keys(pattern);
  if (keys.length > 0) await redis.del(keys);
}
