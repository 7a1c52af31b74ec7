import type { RedisClient } from "./connection.ts";

/** The keys that a pattern of Redis matches, each once, without blocking Redis for long. */
export async function findKeys(client: RedisClient, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await client.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...found];
}
