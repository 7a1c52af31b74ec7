import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";

/** Turns a person's id into what stands for it in Redis, metrics and logs: 128 bits, as text. */
export type Pseudonymise = (personalId: string) => string;

/** What a worker has for its persons. */
export interface Pseudonyms {
  readonly pseudonymise: Pseudonymise;
  /** Gives the key to a Redis that has lost it: replicas that start later must know the payers by the same names. */
  readonly giveKeyBack: () => Promise<void>;
}

const keyName = (namespace: string): string => `${namespace}:pseudonym-key`;

const freshKey = (): string => randomBytes(32).toString("base64url");

/** Without a configured key one is made and kept in Redis: the first replica's wins. */
export async function openPseudonyms(
  client: Redis,
  namespace: string,
  configuredKey: string | undefined,
): Promise<Pseudonyms> {
  if (configuredKey !== undefined) {
    return { pseudonymise: pseudonymiserOf(configuredKey), giveKeyBack: async () => undefined };
  }
  const name = keyName(namespace);
  const fresh = freshKey();
  const key = (await client.set(name, fresh, "NX", "GET")) ?? fresh;
  return {
    pseudonymise: pseudonymiserOf(key),
    giveKeyBack: async () => void (await client.set(name, key, "NX")),
  };
}

/** For who only looks: where there is no key, nothing is known under one. */
export async function readPseudonymiser(
  client: Redis,
  namespace: string,
  configuredKey: string | undefined,
): Promise<Pseudonymise> {
  return pseudonymiserOf(configuredKey ?? (await client.get(keyName(namespace))) ?? freshKey());
}

/** A keyed hash: ids are enumerable, so a bare one would give them away. */
function pseudonymiserOf(key: string): Pseudonymise {
  const secret = createSecretKey(key, "utf8");
  return (personalId) => createHmac("sha256", secret).update(personalId).digest("base64url").slice(0, 22);
}
