import { expect, it } from "vitest";
import { FAULTS } from "../../../scripts/sandbox/faults.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

const ID = "T202611230000001";

it("a pause between calls that is longer than a lane's stay is waited out in the waiting queue", async () => {
  const pipeline = await startPipeline({
    sandbox: { script: (_, call) => (call === 1 ? FAULTS["http-502"] : undefined) },
    env: { RETRY_INITIAL_DELAY_MS: "60000" },
  });
  const worker = await pipeline.startWorker();
  await pipeline.publish([sampleBody()]);
  const moved: unknown = JSON.parse(await worker.line('"action":"wait"'));
  expect(moved).toMatchObject({ transactionId: ID, cause: "retry", calls: 1, lane: "standard" });
  const nextCallAt = Number(await pipeline.redis.hget(`${pipeline.namespace}:journal:${ID}`, "nextCallAt"));
  expect(nextCallAt - Date.now()).toBeGreaterThan(50_000);

  // As if the pause were over: whoever takes the delivery up next makes the second call.
  expect(await worker.end()).toBe(0);
  await pipeline.redis.hset(`${pipeline.namespace}:journal:${ID}`, "nextCallAt", Date.now() - 1);
  await pipeline.startWorker();
  await pipeline.collector.until((c) => c.resultsById.has(ID), AbortSignal.timeout(10_000));
  expect(pipeline.collector.resultsById.get(ID)).toMatchObject([{ source: "alipay", attempts: 2 }]);
});

it("a Redis that is emptied does not make a waiting transaction forget the call that met the ban", async () => {
  const pipeline = await startPipeline({ sandbox: { scenario: "banned" } });
  const worker = await pipeline.startWorker();
  await pipeline.publish([sampleBody()]);
  await worker.line('"action":"wait"');
  expect(await worker.end()).toBe(0);
  await expect.poll(() => pipeline.ready("waiting")).toBe(1);
  const journal = `${pipeline.namespace}:journal:${ID}`;
  await pipeline.redis.del(journal);

  await pipeline.startWorker();
  await expect.poll(() => pipeline.redis.hget(journal, "calls"), { timeout: 5_000 }).toBe("1");
  await pipeline.redis.del(journal); // and now it is in hand
  await expect.poll(() => pipeline.redis.hget(journal, "calls"), { timeout: 10_000 }).toBe("1");
});
