import { closeRedis, openRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { problemOf } from "./problem-of.ts";

/** Connects, asks, and closes. There is one attempt: a person waits for it. */
export async function withRedis<T>(url: string, ask: (client: RedisClient) => Promise<T>): Promise<T> {
  const client = await connectToRedis(url);
  try {
    return await ask(client);
  } finally {
    await closeRedis(client);
  }
}

/** Connects with one attempt; why it did not come about is said in the error. */
export async function connectToRedis(url: string): Promise<RedisClient> {
  let trouble: Error | undefined;
  try {
    return await openRedis(url, { onTrouble: (error) => (trouble = error) });
  } catch (error) {
    if (trouble === undefined) throw error;
    // The driver only says that the connection is closed; why, it said before.
    // oxlint-disable-next-line eslint/preserve-caught-error -- the cause is the earlier error
    throw new Error(`no connection to ${new URL(url).host} (REDIS_URL): ${problemOf(trouble)}`, {
      cause: trouble,
    });
  }
}
