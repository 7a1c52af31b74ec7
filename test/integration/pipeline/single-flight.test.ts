import { expect, it, vi } from "vitest";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

// Up to four workers have to start first, on whatever machine this is.
vi.setConfig({ testTimeout: 120_000 });

/** Small ones are scored, too; each payer has one call under way. */
const SCORING_SMALL = { SCORE_ABOVE: "100", BELOW_THRESHOLD: "score" };
const SMALL = { value: "20.00", currency: "CNY" };
/** Longer than any worker needs to take up what was published. */
const SLOW = { leastMs: 1_500, medianMs: 1_510, spread: 0.01 };

const smallOnes = (name: string, count: number, changes: object = {}) =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({ transactionId: `${name}-${i}`, userId: name, amount: SMALL, ...changes }),
  );

async function startWorkers(pipeline: Pipeline, count: number) {
  return await Promise.all(Array.from({ length: count }, () => pipeline.startWorker()));
}

const answered = ({ collector }: Pipeline, count: number): Promise<void> =>
  collector.until((c) => c.resultsById.size === count, AbortSignal.timeout(60_000));

const sourcesOf = ({ collector }: Pipeline): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [result] of collector.resultsById.values()) {
    const source = result?.source ?? "none";
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
};

it("1,000 small transactions of one new payer at once, over four replicas: one call", async () => {
  const pipeline = await startPipeline({ env: SCORING_SMALL });
  await startWorkers(pipeline, 4);
  await pipeline.publish(smallOnes("u", 1_000));
  await answered(pipeline, 1_000);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1);
  expect(sourcesOf(pipeline)).toEqual({ alipay: 1, cache: 999 });
  const scores = new Set([...pipeline.collector.resultsById.values()].map(([result]) => result?.riskScore));
  expect(scores.size).toBe(1);
});

it("1,000 duplicates of one transaction over four replicas: one call, one content", async () => {
  const pipeline = await startPipeline({ sandbox: { latency: SLOW } });
  await startWorkers(pipeline, 4);
  const [body = {}] = smallOnes("u", 1);
  await pipeline.publish(Array.from({ length: 1_000 }, () => body));
  const { collector } = pipeline;
  await collector.until((c) => c.results.length === 1_000, AbortSignal.timeout(60_000));
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1);
  expect(new Set(collector.results.map((result) => result.body.toString())).size).toBe(1);
});

it("small ones wait for the answer to a large one, which waits for nobody", async () => {
  const pipeline = await startPipeline({ env: SCORING_SMALL, sandbox: { latency: SLOW } });
  await startWorkers(pipeline, 2);
  const large = { amount: { value: "500.00", currency: "CNY" } };
  const [first = {}, second = {}] = smallOnes("u", 2, large);
  await pipeline.publish([first]);
  await expect.poll(() => pipeline.sandbox.report().calls.wellSigned).toBe(1);
  await pipeline.publish([...smallOnes("u", 50).slice(2), second]);
  await answered(pipeline, 50);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(2);
  expect(sourcesOf(pipeline)).toEqual({ alipay: 2, cache: 48 });
});

it("the death of who leads strands nobody", async () => {
  const pipeline = await startPipeline({
    env: { ...SCORING_SMALL, ALIPAY_TIMEOUT_MS: "60000" },
    sandbox: { script: (id, attempt) => (id === "u-0" && attempt === 1 ? "silence" : undefined) },
  });
  const leader = await pipeline.startWorker();
  await pipeline.publish(smallOnes("u", 1));
  await expect.poll(() => pipeline.sandbox.report().calls.wellSigned).toBe(1);
  await startWorkers(pipeline, 2);
  await pipeline.publish(smallOnes("u", 100).slice(1));
  await expect.poll(() => pipeline.redis.exists(`${pipeline.namespace}:journal:u-99`)).toBe(1);
  await leader.end("SIGKILL");

  await answered(pipeline, 100);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(2);
  expect(pipeline.collector.deadLetters).toEqual([]);
});

it("where who leads gets no score, the next one leads", async () => {
  const pipeline = await startPipeline({
    env: SCORING_SMALL,
    sandbox: { script: () => "invalid-parameter" },
  });
  await startWorkers(pipeline, 2);
  await pipeline.publish(smallOnes("u", 10));
  const { collector } = pipeline;
  await collector.until((c) => c.deadLetterDigests.size === 10, AbortSignal.timeout(60_000));
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(10);
});

it("who follows is answered before its own deadline", async () => {
  const pipeline = await startPipeline({
    env: SCORING_SMALL,
    sandbox: { latency: { leastMs: 2_500, medianMs: 2_510, spread: 0.01 } },
  });
  await startWorkers(pipeline, 2);
  await pipeline.publish(smallOnes("u", 1));
  await expect.poll(() => pipeline.sandbox.report().calls.wellSigned).toBe(1);
  const decideByMs = Date.now() + 1_500;
  const decideBy = new Date(decideByMs).toISOString();
  const occurredAt = new Date().toISOString();
  await pipeline.publish(smallOnes("u", 20, { decideBy, occurredAt }).slice(1));
  await answered(pipeline, 20);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1);
  expect(sourcesOf(pipeline)).toEqual({ alipay: 1, fallback: 19 });
  const { resultsById } = pipeline.collector;
  const fallbacks = [...resultsById.values()].flat().filter(({ source }) => source === "fallback");
  expect(Math.max(...fallbacks.map(({ decidedAt }) => Date.parse(decidedAt)))).toBeLessThan(decideByMs);
});
