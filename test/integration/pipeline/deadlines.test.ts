import { expect, it } from "vitest";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Transactions that must be answered within so many milliseconds; without a number, whenever. */
const transactions = (name: string, count: number, decideInMs?: number, changes: object = {}) =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({
      transactionId: `${name}-${i}`,
      userId: `${name}-${i}`,
      occurredAt: inMs(0),
      ...(decideInMs === undefined ? {} : { decideBy: inMs(decideInMs) }),
      ...changes,
    }),
  );

const idsOf = (bodies: readonly Record<string, unknown>[]): string[] =>
  bodies.map(({ transactionId }) => String(transactionId));

/** Waits until each has an answer; then all answers, those given twice included. */
async function answersTo(
  pipeline: Pipeline,
  bodies: readonly Record<string, unknown>[],
): Promise<RiskResult[]> {
  const ids = idsOf(bodies);
  const { collector } = pipeline;
  await collector.until((c) => ids.every((id) => c.resultsById.has(id)), AbortSignal.timeout(20_000));
  return ids.flatMap((id) => collector.resultsById.get(id) ?? []);
}

/** Each answer is a fallback that says so, was given in time, and is always the same. */
function expectFallbacks(
  results: readonly RiskResult[],
  bodies: readonly Record<string, unknown>[],
  expected: Partial<RiskResult> = {},
): void {
  const decideBy = new Map(bodies.map((body) => [body["transactionId"], String(body["decideBy"])]));
  for (const result of results) {
    expect(result).toMatchObject({
      verdict: "review",
      riskScore: null,
      ruleCodes: [],
      source: "fallback",
      revision: 1,
      attempts: 0,
      cost: { value: "0.00", currency: "CNY" },
      ...expected,
    });
    const latestMs = Date.parse(decideBy.get(result.transactionId) ?? "");
    expect(Date.parse(result.decidedAt)).toBeLessThan(latestMs);
    expect(Date.parse(result.decidedAt)).toBeGreaterThanOrEqual(latestMs - 250);
  }
  const texts = new Set(results.map((result) => JSON.stringify(result)));
  expect(texts.size).toBe(bodies.length);
}

/** A pipeline whose gateway has banned the application: calls are held, and so is the transaction that met the ban. */
async function startFrozen(env: Readonly<Record<string, string>> = {}) {
  const pipeline = await startPipeline({ sandbox: { scenario: "banned" }, env: { PREFETCH: "20", ...env } });
  const first = await pipeline.startWorker();
  const second = await pipeline.startWorker();
  await pipeline.publish(transactions("first", 1));
  await Promise.race([first.line('"calls-held"'), second.line('"calls-held"')]);
  return { pipeline, first, second };
}

it("in a freeze, who has a deadline is answered before it, and who has none waits on", async () => {
  const { pipeline } = await startFrozen();
  const patient = transactions("patient", 20);
  const soon = transactions("soon", 40, 4_000);
  const later = transactions("later", 40, 6_500);
  await pipeline.publish([...patient, ...soon, ...later], { correlationId: "order-7" });

  expectFallbacks(await answersTo(pipeline, soon), soon);
  expectFallbacks(await answersTo(pipeline, later), later);
  const { results, resultsById, deadLetters } = pipeline.collector;
  expect([...resultsById.keys()].toSorted()).toEqual([...idsOf(soon), ...idsOf(later)].toSorted());
  expect(deadLetters).toEqual([]);
  for (const { fields, properties } of results) {
    expect(fields.routingKey).toBe("result.review");
    expect(properties).toMatchObject({
      messageId: expect.stringMatching(/^(soon|later)-/),
      correlationId: "order-7",
      headers: { rail: "alipay", merchantId: "store-17", source: "fallback" },
    });
  }
  const stored = await pipeline.redis.get(`${pipeline.namespace}:result:soon-0`);
  expect(JSON.parse(stored ?? "null")).toEqual(resultsById.get("soon-0")?.[0]);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1); // the one that met the ban
  expect((await readCurrent(pipeline.redis, pipeline.namespace)).month.calls).toBe(1); // and no other was booked
  await expect.poll(() => pipeline.redis.exists(`${pipeline.namespace}:deadlines`)).toBe(0);
});

it("in a freeze, duplicates have one answer, before the earliest deadline that any of them names", async () => {
  const { pipeline } = await startFrozen();
  const occurredAt = inMs(0);
  const copies = (decideInMs: number | undefined, changes: object) =>
    transactions("t", 20, decideInMs, { occurredAt, ...changes });
  const asked = copies(4_000, {});
  await pipeline.publish(copies(undefined, {}));
  await pipeline.publish(copies(3_600_000, { metadata: { copy: "later" } }));
  await pipeline.publish(asked, {
    lane: "urgent",
    headers: { "x-risk-attempts": 4, "x-risk-lane": "replay" },
  });
  await pipeline.publish(copies(600_000, { metadata: { copy: "last" } }));
  await pipeline.publish(copies(3_000, { amount: { value: "1.00", currency: "CNY" } })); // conflicts

  expectFallbacks(await answersTo(pipeline, asked), asked);
  const { collector } = pipeline;
  await collector.until((c) => c.deadLetters.length === asked.length, AbortSignal.timeout(10_000));
  for (const { properties } of collector.deadLetters) {
    expect(properties.headers).toMatchObject({ "x-risk-reason": "conflict", "x-risk-attempts": 0 });
  }
});

it("in a freeze, deadlines outlive the worker that took note of them", async () => {
  const { pipeline, first, second } = await startFrozen({ FALLBACK_VERDICT: "decline" });
  const bodies = transactions("t", 60, 6_000);
  await pipeline.publish(bodies);
  const { namespace, redis } = pipeline;
  await expect.poll(() => redis.zcard(`${namespace}:deadlines`), { timeout: 5_000 }).toBe(60);
  await first.end("SIGKILL");
  expectFallbacks(await answersTo(pipeline, bodies), bodies, { verdict: "decline" });
  expect(await second.end()).toBe(0);
});

it("whoever waits for a permit in hand is answered in time, and a dead worker's lease keeps nobody", async () => {
  const pipeline = await startPipeline({ env: { ALIPAY_QUOTA: "1/1h" } });
  const first = await pipeline.startWorker();
  const scored = transactions("scored", 1);
  await pipeline.publish(scored);
  expect(await answersTo(pipeline, scored)).toMatchObject([{ source: "alipay" }]);

  const waiting = transactions("waiting", 5, 3_000);
  await pipeline.publish(waiting);
  expectFallbacks(await answersTo(pipeline, waiting), waiting);

  const orphaned = transactions("orphaned", 5, 8_000); // before the lease ends
  await pipeline.publish(orphaned);
  const journals = idsOf(orphaned).map((id) => `${pipeline.namespace}:journal:${id}`);
  await expect.poll(() => pipeline.redis.exists(journals), { timeout: 5_000 }).toBe(5);
  await first.end("SIGKILL");
  await pipeline.startWorker();
  expectFallbacks(await answersTo(pipeline, orphaned), orphaned);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1);
});

it("a call under way when its time is up is counted, and changes nothing", async () => {
  const pipeline = await startPipeline({
    sandbox: { latency: { leastMs: 2_500, medianMs: 2_510, spread: 0.01 } },
  });
  const worker = await pipeline.startWorker();
  const bodies = transactions("t", 1, 1_500);
  await pipeline.publish(bodies);
  const paid = { attempts: 1, cost: { value: "0.02", currency: "CNY" } } as const;
  expectFallbacks(await answersTo(pipeline, bodies), bodies, paid);
  expect(await worker.end()).toBe(0); // once the call has ended

  await pipeline.startWorker();
  await pipeline.publish(bodies);
  const { collector } = pipeline;
  await collector.until((c) => c.results.length === 2, AbortSignal.timeout(10_000));
  expectFallbacks(await answersTo(pipeline, bodies), bodies, paid);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(1);
});
