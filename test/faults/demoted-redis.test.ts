import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { startOwnServer } from "../../scripts/services/start-own-server.ts";
import { closeRedis, openRedis } from "../../shared/redis/connection.ts";
import { sampleTransaction } from "../support/sample-transaction.ts";
import { NO_HISTORY, testJournal } from "../support/test-journal.ts";

it("a Redis that has become a replica is left for the new primary, however many questions went together", async () => {
  const server = await startOwnServer("redis", {}, () => undefined);
  onTestFinished(() => server.stop());
  const redis = await openRedis(server.url);
  onTestFinished(() => closeRedis(redis));
  const journal = testJournal({ redis, namespace: "demoted" });
  await redis.replicaof("127.0.0.1", 1);

  const leaving = once(redis, "reconnecting", { signal: AbortSignal.timeout(5_000) });
  const claiming = ["T1", "T2", "T3"].map((transactionId) =>
    journal.claim(sampleTransaction({ transactionId }), journal.newToken(), NO_HISTORY),
  );
  await Promise.allSettled(claiming);
  for (const claim of claiming) await expect(claim).rejects.toThrow(/^READONLY /);
  await leaving;
});
