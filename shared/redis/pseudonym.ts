import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";

/** Turns a person's id into what stands for it in Redis, metrics and logs. */
export type Pseudonymise = (personalId: string) => string;

/**
 * A keyed hash (ids are enumerable, so a bare one would give them away), 128 bits of it. Without a configured
 * key one is made and kept in Redis: the first replica's wins.
 */
export async function createPseudonymiser(
  client: Redis,
  namespace: string,
  configuredKey: string | undefined,
): Promise<Pseudonymise> {
  const key = configuredKey ?? (await sharedKey(client, `${namespace}:pseudonym-key`));
  const secret = createSecretKey(key, "utf8");
  return (personalId) => createHmac("sha256", secret).update(personalId).digest("base64url").slice(0, 22);
}

async function sharedKey(client: Redis, name: string): Promise<string> {
  const fresh = randomBytes(32).toString("base64url");
  const existing = await client.set(name, fresh, "NX", "GET");
  return existing ?? fresh;
}
