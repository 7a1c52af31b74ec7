import { once } from "node:events";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { startOwnServer } from "../../scripts/services/start-own-server.ts";
import { closeRedis, openRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { sampleTransaction } from "../support/sample-transaction.ts";
import { NO_HISTORY, testJournal } from "../support/test-journal.ts";

let redis: RedisClient;

beforeEach(async () => {
  const server = await startOwnServer("redis", {}, () => undefined);
  onTestFinished(() => server.stop());
  redis = await openRedis(server.url);
  onTestFinished(() => closeRedis(redis));
});

const leavingIt = () => once(redis, "reconnecting", { signal: AbortSignal.timeout(5_000) });

it("a Redis that has become a replica is left for the new primary, however many questions went together", async () => {
  const journal = testJournal({ redis, namespace: "demoted" });
  await redis.replicaof("127.0.0.1", 1);
  const leaving = leavingIt();
  const claiming = ["T1", "T2", "T3"].map((transactionId) =>
    journal.claim(sampleTransaction({ transactionId }), journal.newToken(), NO_HISTORY),
  );
  await Promise.allSettled(claiming);
  for (const claim of claiming) await expect(claim).rejects.toThrow(/^READONLY /);
  await leaving;
});

it("a Redis that has become a replica is left once, however many commands it refuses", async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  await redis.replicaof("127.0.0.1", 1);
  const leaving = leavingIt();
  // More than an emitter of Node.js takes listeners without a warning.
  const writing = Array.from({ length: 20 }, () => redis.set("key", "value"));
  await Promise.allSettled(writing);
  for (const write of writing) await expect(write).rejects.toThrow(/^READONLY /);
  await leaving;
  expect(warnings).toEqual([]);
});
