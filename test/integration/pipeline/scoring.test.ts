import { describe, expect, it } from "vitest";
import { FAULTS } from "../../../scripts/sandbox/faults.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

const small = (transactionId: string, userId = "2088102146225135") =>
  sampleBody({ transactionId, userId, amount: { value: "10.00", currency: "CNY" } });

async function resultOf(pipeline: Pipeline, transactionId: string) {
  await pipeline.collector.until((c) => c.resultsById.has(transactionId), AbortSignal.timeout(15_000));
  const [result] = pipeline.collector.resultsById.get(transactionId) ?? [];
  if (result === undefined) throw new Error("no result");
  return result;
}

it("a transaction becomes a result on the queue and the same one in Redis", async () => {
  const pipeline = await startPipeline();
  await pipeline.startWorker();
  await pipeline.publish([sampleBody()], { correlationId: "order-7" });
  const result = await resultOf(pipeline, "T202611230000001");
  expect(result).toMatchObject({
    schemaVersion: 1,
    source: "alipay",
    revision: 1,
    attempts: 1,
    cost: { value: "0.02", currency: "CNY" },
    metadata: { channel: "app" },
  });
  const [message] = pipeline.collector.results;
  expect(message?.fields.routingKey).toBe(`result.${result.verdict}`);
  expect(message?.properties).toMatchObject({
    messageId: "T202611230000001",
    correlationId: "order-7",
    contentType: "application/json",
    deliveryMode: 2,
    headers: { rail: "alipay", merchantId: "store-17", source: "alipay" },
  });
  const stored = await pipeline.redis.get(`${pipeline.namespace}:result:T202611230000001`);
  expect(stored).toBe(message?.body.toString());
});

describe("amounts at or below SCORE_ABOVE", () => {
  it("cost no call: approved without a score, or from the returning user's score while it is stored", async () => {
    const pipeline = await startPipeline({ env: { SCORE_ABOVE: "10", CACHE_TTL_SECONDS: "300" } });
    await pipeline.startWorker();
    await pipeline.publish([small("stranger")]);
    expect(await resultOf(pipeline, "stranger")).toMatchObject({
      verdict: "approve",
      riskScore: null,
      source: "below-threshold",
      attempts: 0,
      cost: { value: "0.00", currency: "CNY" },
    });

    await pipeline.publish([sampleBody({ transactionId: "large" })]);
    const scored = await resultOf(pipeline, "large");
    await pipeline.publish([small("returning"), small("another-user", "2088102146225136")]);
    expect(await resultOf(pipeline, "returning")).toMatchObject({
      source: "cache",
      riskScore: scored.riskScore,
      ruleCodes: scored.ruleCodes,
      attempts: 0,
    });
    expect(await resultOf(pipeline, "another-user")).toMatchObject({ source: "below-threshold" });
    expect(pipeline.sandbox.report().calls.arrived).toBe(1);
  });

  it("are scored where the operator says so, and a stored score answers only while it lives", async () => {
    const pipeline = await startPipeline({
      env: { SCORE_ABOVE: "10", BELOW_THRESHOLD: "score", CACHE_TTL_SECONDS: "2" },
    });
    await pipeline.startWorker();
    await pipeline.publish([small("first")]);
    await resultOf(pipeline, "first");
    await pipeline.publish([small("second")]);
    expect(await resultOf(pipeline, "second")).toMatchObject({ source: "cache", attempts: 0 });

    const [key] = await pipeline.redis.keys(`${pipeline.namespace}:score:*`);
    expect(await pipeline.redis.pttl(key ?? "")).toBeLessThanOrEqual(2_000);
    await pipeline.redis.pexpire(key ?? "", 1); // its time is over
    await expect.poll(() => pipeline.redis.exists(key ?? "")).toBe(0);
    await pipeline.publish([small("third")]);
    expect(await resultOf(pipeline, "third")).toMatchObject({ source: "alipay", attempts: 1 });
  });

  it("in other currencies are always scored", async () => {
    const pipeline = await startPipeline({ env: { SCORE_ABOVE: "10" } });
    await pipeline.startWorker();
    await pipeline.publish([sampleBody({ amount: { value: "1.00", currency: "USD" } })]);
    expect(await resultOf(pipeline, "T202611230000001")).toMatchObject({ source: "alipay", attempts: 1 });
  });
});

it("two replicas that hold the same transaction at once make its call once", async () => {
  const pipeline = await startPipeline({ sandbox: { latency: { leastMs: 300, medianMs: 300, spread: 0 } } });
  await Promise.all([pipeline.startWorker(), pipeline.startWorker()]);
  await pipeline.publish(Array.from({ length: 40 }, () => sampleBody()));
  await pipeline.collector.until((c) => c.results.length >= 40, AbortSignal.timeout(20_000));
  expect(pipeline.sandbox.report().calls.arrived).toBe(1);
  const contents = new Set(pipeline.collector.results.map(({ body }) => body.toString()));
  expect(contents.size).toBe(1);
});

it("every call is accepted, whatever the workers' time zone", async () => {
  const pipeline = await startPipeline();
  await Promise.all(
    ["UTC", "Asia/Shanghai", "America/New_York"].map((TZ) => pipeline.startWorker({ TZ, PREFETCH: "4" })),
  );
  await pipeline.publish(Array.from({ length: 60 }, (_, i) => sampleBody({ transactionId: `tz-${i}` })));
  await pipeline.collector.until((c) => c.results.length >= 60, AbortSignal.timeout(20_000));
  expect(pipeline.sandbox.report().refusals).toEqual({});
  for (const worker of pipeline.workers) {
    expect(worker.lines.some((line) => line.includes('"verdict"'))).toBe(true);
  }
});

it("logs one line per settled delivery, and nothing that is personal or secret", async () => {
  const pipeline = await startPipeline({
    sandbox: {
      script: (transactionId) => (transactionId === "log-key" ? FAULTS["invalid-key"] : undefined),
    },
    env: { LOG_LEVEL: "trace", PSEUDONYM_KEY: "a-pseudonym-key-for-this-test" },
  });
  const worker = await pipeline.startWorker();
  await pipeline.publish([
    sampleBody({ transactionId: "log-good" }),
    sampleBody({ transactionId: "log-bad", userId: 5 }),
    sampleBody({ transactionId: "log-key" }),
  ]);
  await resultOf(pipeline, "log-good");
  await worker.line('"calls-held"');
  await worker.end();
  const log = worker.lines.join("\n");
  expect(worker.lines.filter((line) => line.includes('"log-good"'))).toHaveLength(1);
  for (const secret of [
    "2088102146225135",
    "9f86d081884c7d659a2feaa0c55ad015",
    "31.2304",
    "121.4737",
    "PRIVATE KEY",
    "a-pseudonym-key-for-this-test",
    "biz_content",
  ]) {
    expect(log).not.toContain(secret);
  }
});
