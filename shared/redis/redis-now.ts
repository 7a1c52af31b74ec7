import type { RedisClient } from "./connection.ts";

/** Redis' clock, by which everything is dated; milliseconds since the epoch. */
export async function redisNow(client: RedisClient): Promise<number> {
  const [seconds = 0, microseconds = 0] = await client.time();
  return seconds * 1_000 + Math.floor(microseconds / 1_000);
}
