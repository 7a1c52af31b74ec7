import { describe, expect, it, type TestContext } from "vitest";
import { FAULTS } from "../../scripts/sandbox/faults.ts";
import type { Pipeline } from "../support/pipeline.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { startPipeline } from "../support/start-pipeline.ts";

/** A gateway that fails every call in this way, and remembers when each call came. */
async function failingPipeline(
  fault: keyof typeof FAULTS,
  test: TestContext,
  env: Readonly<Record<string, string>> = {},
) {
  const callTimes: number[] = [];
  const pipeline = await startPipeline(
    {
      env,
      sandbox: {
        script: () => {
          callTimes.push(performance.now());
          return FAULTS[fault];
        },
      },
    },
    test,
  );
  return { pipeline, callTimes };
}

const pauses = (times: readonly number[]): number[] =>
  times.slice(1).map((time, i) => time - (times[i] ?? 0));

async function deadLetter(pipeline: Pipeline, timeoutMs: number) {
  await pipeline.collector.until((c) => c.deadLetters.length > 0, AbortSignal.timeout(timeoutMs));
  return pipeline.collector.deadLetters[0]?.properties.headers;
}

describe.concurrent("a retryable failure", () => {
  it("is retried after 5, 10 and 20 seconds, then dead-lettered with its four calls", async (test) => {
    const { pipeline, callTimes } = await failingPipeline("unknow-error", test);
    await pipeline.startWorker();
    await pipeline.publish([sampleBody()]);
    expect(await deadLetter(pipeline, 50_000)).toMatchObject({
      "x-risk-reason": "attempts-exhausted",
      "x-risk-code": "20000 isp.unknow-error",
      "x-risk-attempts": 4,
    });
    expect(pauses(callTimes).map((ms) => Math.round(ms / 1_000))).toEqual([5, 10, 20]);
    expect(pipeline.sandbox.report().transactions).toMatchObject({ distinct: 1, maxCalls: 4 });
  }, 60_000);

  it("goes on where it stood after its worker was killed: the calls and the delay that were left", async (test) => {
    const { pipeline, callTimes } = await failingPipeline("http-502", test, {
      RETRY_INITIAL_DELAY_MS: "1500",
    });
    const first = await pipeline.startWorker();
    await pipeline.publish([sampleBody()]);
    await test.expect.poll(() => callTimes.length, { timeout: 15_000 }).toBe(2);
    await first.end("SIGKILL");
    await pipeline.startWorker();
    expect(await deadLetter(pipeline, 40_000)).toMatchObject({ "x-risk-attempts": 4 });
    expect(callTimes).toHaveLength(4);
    const [, second = 0, third = 0] = pauses(callTimes);
    // Killed while waiting 3 s for the third call; the lease of the dead worker may last longer than that.
    expect(second).toBeGreaterThanOrEqual(2_990);
    expect(third).toBeGreaterThanOrEqual(5_990);
  }, 60_000);

  it("holds no slot while it waits: others are scored meanwhile", async (test) => {
    const pipeline = await startPipeline(
      { sandbox: { script: (id) => (id.startsWith("fails") ? FAULTS["http-502"] : undefined) } },
      test,
    );
    await pipeline.startWorker();
    await pipeline.publish(Array.from({ length: 80 }, (_, i) => sampleBody({ transactionId: `fails-${i}` })));
    await test.expect.poll(() => pipeline.sandbox.report().calls.arrived, { timeout: 15_000 }).toBe(80);
    await pipeline.publish([sampleBody({ transactionId: "good" })]);
    await pipeline.collector.until((c) => c.resultsById.has("good"), AbortSignal.timeout(4_000));
    expect(pipeline.collector.resultsById.get("good")).toMatchObject([{ attempts: 1 }]);
  });

  it("is given back at once by a worker that stops, and goes on at another", async (test) => {
    const env = { RETRY_INITIAL_DELAY_MS: "4000", RETRY_LIMIT: "2" };
    const { pipeline, callTimes } = await failingPipeline("reset", test, env);
    const first = await pipeline.startWorker();
    await pipeline.publish([sampleBody()]);
    await first.line('"started"');
    await test.expect.poll(() => callTimes.length, { timeout: 15_000 }).toBe(1);
    expect(await first.end("SIGTERM")).toBe(0);
    expect(callTimes).toHaveLength(1); // it did not stay for the retry
    await pipeline.startWorker();
    expect(await deadLetter(pipeline, 40_000)).toMatchObject({ "x-risk-attempts": 3 });
    expect(callTimes).toHaveLength(3);
  }, 60_000);
});

it("a refusal for good is one call and a dead letter that says which code", async (test) => {
  const { pipeline } = await failingPipeline("invalid-parameter", test);
  await pipeline.startWorker();
  await pipeline.publish([sampleBody()]);
  expect(await deadLetter(pipeline, 10_000)).toMatchObject({
    "x-risk-reason": "rejected",
    "x-risk-code": "40004 INVALID_PARAMETER",
    "x-risk-attempts": 1,
  });
});

it("a fault of ours is no dead letter: calls are held and the transactions stay queued", async (test) => {
  const { pipeline } = await failingPipeline("invalid-key", test);
  const worker = await pipeline.startWorker();
  const ids = Array.from({ length: 10 }, (_, i) => `held-${i}`);
  await pipeline.publish(ids.map((transactionId) => sampleBody({ transactionId })));
  await worker.line('"calls-held"');
  await worker.end();
  const inQueues = async () =>
    (await pipeline.ready("waiting")) + (await pipeline.ready("transactions.standard"));
  await test.expect.poll(inQueues).toBe(ids.length);
  expect(pipeline.collector.deadLetters).toEqual([]);
});
