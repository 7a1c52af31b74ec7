import type { RedisClient } from "./connection.ts";
import { findKeys } from "./find-keys.ts";

/** Freed in the background: one command never blocks Redis for long. */
const AT_ONCE = 500;

/** Takes all keys that a pattern of Redis matches out of it. */
export async function removeKeys(client: RedisClient, pattern: string): Promise<void> {
  const keys = await findKeys(client, pattern);
  for (let from = 0; from < keys.length; from += AT_ONCE)
    await client.unlink(keys.slice(from, from + AT_ONCE));
}
