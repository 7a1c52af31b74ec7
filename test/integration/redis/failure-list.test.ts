import { beforeEach, expect, it } from "vitest";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { addFailures, readFailures } from "../../../shared/redis/failure-list.ts";
import { testRedis } from "../../support/test-redis.ts";

/** Redis' clock, soon after all of them. */
const NOW = 10_000;

let redis: RedisClient;
let namespace: string;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
});

const failure = (changes: object = {}) => ({
  event: "call-failed",
  count: 1,
  atMs: 1_000,
  worker: "w1",
  ...changes,
});

it("adds up each sort over all replicas, and shows the newest first", async () => {
  await addFailures(redis, namespace, [
    failure({ code: "http-502", count: 2 }),
    failure({ code: "timeout", atMs: 3_000 }),
  ]);
  await addFailures(redis, namespace, [failure({ code: "http-502", count: 3, atMs: 2_000, worker: "w2" })]);
  expect(await readFailures(redis, namespace, NOW)).toEqual([
    { ...failure({ code: "timeout", atMs: 3_000 }), firstAtMs: 3_000 },
    { ...failure({ code: "http-502", count: 5, atMs: 2_000, worker: "w2" }), firstAtMs: 1_000 },
  ]);
});

it("keeps the newest two hundred, for a day", async () => {
  for (let nth = 0; nth < 250; nth += 50) {
    const codes = Array.from({ length: 50 }, (_, index) => nth + index);
    await addFailures(
      redis,
      namespace,
      codes.map((code) => failure({ code: String(code), atMs: code })),
    );
  }
  const kept = await readFailures(redis, namespace, NOW);
  expect(kept).toHaveLength(200);
  expect(kept[0]).toMatchObject({ code: "249" });
  const ttl = await redis.ttl(`${namespace}:failures`);
  expect(ttl).toBeGreaterThan(86_000);
  expect(ttl).toBeLessThanOrEqual(86_400);
});

it("shows none that is older than a day, though the list lives on", async () => {
  const now = 3 * 86_400_000;
  await addFailures(redis, namespace, [failure({ atMs: now - 86_400_000 })]);
  await addFailures(redis, namespace, [failure({ code: "timeout", atMs: now - 86_399_999 })]);
  expect(await readFailures(redis, namespace, now)).toMatchObject([{ code: "timeout" }]);
});

it("writes nothing where nothing failed, and skips what another version wrote, or what has no date", async () => {
  await addFailures(redis, namespace, []);
  expect(await redis.exists(`${namespace}:failures`)).toBe(0);
  const undated = JSON.stringify({ ...failure(), atMs: 8.64e18 });
  await redis.lpush(`${namespace}:failures`, "no JSON", '{"v":9}', undated, JSON.stringify(failure()));
  expect(await readFailures(redis, namespace, NOW)).toEqual([{ ...failure(), firstAtMs: 1_000 }]);
});
