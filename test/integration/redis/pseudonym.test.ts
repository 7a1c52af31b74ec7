import { expect, it } from "vitest";
import { openPseudonyms, readPseudonymiser } from "../../../shared/redis/journal/pseudonym.ts";
import { testRedis } from "../../support/test-redis.ts";

const PAYER = "2088000000000001";

it("is the same on all replicas, and for who looks", async () => {
  const { redis, namespace } = await testRedis();
  const names = await Promise.all([1, 2].map(() => openPseudonyms(redis, namespace, undefined)));
  const look = await readPseudonymiser(redis, namespace, undefined);
  const told = new Set([...names.map(({ pseudonymise }) => pseudonymise(PAYER)), look(PAYER)]);
  expect(told.size).toBe(1);
});

it("survives a Redis that was emptied: a replica that lives on gives the key back", async () => {
  const { redis, namespace } = await testRedis();
  const living = await openPseudonyms(redis, namespace, undefined);
  await redis.del(`${namespace}:pseudonym-key`);
  await living.giveKeyBack();
  const later = await openPseudonyms(redis, namespace, undefined);
  await living.giveKeyBack();
  expect(later.pseudonymise(PAYER)).toBe(living.pseudonymise(PAYER));
});

it("comes of the configured key, where there is one, and keeps none", async () => {
  const { redis, namespace } = await testRedis();
  const { pseudonymise, giveKeyBack } = await openPseudonyms(redis, namespace, "a key of ours");
  await giveKeyBack();
  expect(pseudonymise(PAYER)).toBe((await readPseudonymiser(redis, namespace, "a key of ours"))(PAYER));
  expect(await redis.exists(`${namespace}:pseudonym-key`)).toBe(0);
});

it("makes no key for who only looks", async () => {
  const { redis, namespace } = await testRedis();
  await readPseudonymiser(redis, namespace, undefined);
  expect(await redis.exists(`${namespace}:pseudonym-key`)).toBe(0);
});
