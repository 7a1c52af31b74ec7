import { expect, it } from "vitest";
import { FAULTS } from "../../../scripts/sandbox/faults.ts";
import { findKeys } from "../../../shared/redis/find-keys.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

const PERSON = {
  userId: "user-2088102146225135",
  deviceFingerprint: "fingerprint-9f86d081884c7d65",
  geolocation: { latitude: 31.230416, longitude: 121.473701 },
};
const NEVER_IN_REDIS = ["2088102146225135", "9f86d081884c7d65", "31.230", "121.473"];

/** A key with all that is under it, as text. */
async function contentOf(redis: RedisClient, key: string): Promise<string> {
  const type = await redis.type(key);
  switch (type) {
    case "string":
      return `${key} ${(await redis.get(key)) ?? ""}`;
    case "hash":
      return `${key} ${JSON.stringify(await redis.hgetall(key))}`;
    case "zset":
      return `${key} ${(await redis.zrange(key, "0", "-1")).join(" ")}`;
    case "stream":
      return `${key} ${JSON.stringify(await redis.xrange(key, "-", "+"))}`;
    default:
      throw new Error(`${key} is a ${type}, which nobody looks into here`);
  }
}

it("nothing in Redis names a payer, a device or a place, whatever became of the transaction", async () => {
  const pipeline = await startPipeline({
    env: {
      SCORE_ABOVE: "10",
      ALWAYS_SCORE_ON: "device,amount,place",
      RETRY_INITIAL_DELAY_MS: "60000",
      BUDGET_PER_DAY: "100",
    },
    sandbox: {
      script: (id) =>
        id === "rejected" ? FAULTS["invalid-parameter"] : id === "waits" ? FAULTS["unknow-error"] : undefined,
    },
  });
  const { collector, redis, namespace } = pipeline;
  await pipeline.startWorker();
  const small = { amount: { value: "9.00", currency: "CNY" } };
  const payment = (transactionId: string, changes: Readonly<Record<string, unknown>> = {}) =>
    sampleBody({ ...PERSON, transactionId, ...changes });
  await pipeline.publish([payment("scored"), payment("rejected")]);
  await collector.until(
    (c) => c.resultsById.size === 1 && c.deadLetters.length === 1,
    AbortSignal.timeout(60_000),
  );
  // Its first call fails, and the next one is due in a minute: it waits, and its deadline is remembered.
  const soon = new Date(Date.now() + 300_000).toISOString();
  await pipeline.publish([
    payment("cached", small),
    payment("changed", { ...small, deviceFingerprint: "another-fingerprint" }),
    payment("waits", { decideBy: soon, occurredAt: new Date().toISOString() }),
    Buffer.from(JSON.stringify(payment("malformed", { amount: 5 }))),
  ]);
  await expect
    .poll(() => redis.hexists(`${namespace}:deadline-answers`, "waits"), { timeout: 25_000 })
    .toBe(1);
  await collector.until(
    (c) => c.resultsById.has("cached") && c.resultsById.has("changed"),
    AbortSignal.timeout(60_000),
  );
  expect(collector.resultsById.get("cached")?.[0]?.source).toBe("cache");
  expect(collector.resultsById.get("changed")?.[0]?.source).toBe("alipay");

  const ledger = pipeline.ledger.log.replace(/log$/, "*");
  const keys = [...(await findKeys(redis, `${namespace}:*`)), ...(await findKeys(redis, ledger))];
  const contents = await Promise.all(keys.map((key) => contentOf(redis, key)));
  const kinds = new Set(keys.filter((key) => key.startsWith(namespace)).map((key) => key.split(":")[1]));
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      "journal",
      "result",
      "score",
      "spend",
      "deadlines",
      "deadline-answers",
      "pseudonym-key",
    ]),
  );
  for (const personal of NEVER_IN_REDIS) {
    expect(contents.filter((content) => content.includes(personal))).toEqual([]);
  }
  // What a rule compares is there, and says no more than it must.
  const score = contents.find((content) => content.startsWith(`${namespace}:score:`)) ?? "";
  expect(score).toMatch(/"place":\{"latitude":31\.2,"longitude":121\.5\}/);
  expect(score).toMatch(/"device":"[\w-]{22}"/);
}, 120_000);
