import { expect, it, vi } from "vitest";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import { LedgerOperator } from "../../../shared/redis/ledger/operate-ledger.ts";
import type { SandboxOptions } from "../../../scripts/sandbox/start-sandbox.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

vi.setConfig({ testTimeout: 180_000 });

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

const due = (name: string, count: number, decideInMs: number) =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({
      transactionId: `${name}-${i}`,
      userId: `${name}-${i}`,
      occurredAt: inMs(0),
      decideBy: inMs(decideInMs),
    }),
  );

/** Waits until each of so many has an answer of the revision. */
const revised = ({ collector }: Pipeline, count: number, revision: number): Promise<void> =>
  collector.until(
    (c) =>
      [...c.resultsById.values()].filter((r) => r.some((each) => each.revision === revision)).length ===
      count,
    AbortSignal.timeout(120_000),
  );

/** What was told of each transaction, each content once, lowest revision first. */
function contentsOf({ collector }: Pipeline): RiskResult[][] {
  return [...collector.resultsById.values()].map((results) =>
    [...new Map(results.map((result) => [JSON.stringify(result), result])).values()].toSorted(
      (a, b) => a.revision - b.revision,
    ),
  );
}

const UPGRADED = [
  { source: "fallback", revision: 1, riskScore: null },
  { source: "alipay", revision: 2, riskScore: expect.any(Number) },
];

/** Calls are frozen until they are resumed. */
async function startFrozen(env: Readonly<Record<string, string>>, sandbox: Partial<SandboxOptions> = {}) {
  const pipeline = await startPipeline({ env: { UPGRADE_LATE: "on", ...env }, sandbox });
  const operator = new LedgerOperator(pipeline.redis, {
    appId: pipeline.namespace,
    gatewayUrl: pipeline.sandbox.url,
    namespace: pipeline.namespace,
    operator: "the test",
  });
  await operator.freeze("a test");
  const resume = async () => operator.resume("the test goes on", await operator.standingHolds());
  return { pipeline, resume };
}

it("after a freeze, fallbacks are followed by the true score, once, also through kills and duplicates", async () => {
  const { pipeline, resume } = await startFrozen({ PREFETCH: "40" });
  const first = await pipeline.startWorker();
  await pipeline.startWorker();
  const bodies = due("t", 20, 10_000);
  await pipeline.publish(bodies);
  await revised(pipeline, 20, 1);
  await pipeline.publish(bodies); // duplicates, while only a fallback stands
  await first.end("SIGKILL");
  await resume();

  await revised(pipeline, 20, 2);
  for (const contents of contentsOf(pipeline)) expect(contents).toMatchObject(UPGRADED);
  const stored = await pipeline.redis.get(`${pipeline.namespace}:result:t-7`);
  expect(JSON.parse(stored ?? "null")).toEqual(
    pipeline.collector.resultsById.get("t-7")?.find(({ revision }) => revision === 2),
  );
  expect(pipeline.collector.deadLetters).toEqual([]);
  const attempts = contentsOf(pipeline).map((contents) => contents.at(-1)?.attempts ?? 0);
  const told = attempts.reduce((sum, each) => sum + each, 0);
  expect(pipeline.sandbox.report().calls.wellSigned).toBeLessThanOrEqual(told);

  await pipeline.publish(bodies); // and when the true score stands
  const { collector } = pipeline;
  await collector.until(
    (c) => c.results.slice(-20).every(({ body }) => body.includes('"revision":2')),
    AbortSignal.timeout(120_000),
  );
  for (const contents of contentsOf(pipeline)) expect(contents).toMatchObject(UPGRADED);
});

it("a call that was under way is not made again: its answer is the true score", async () => {
  const pipeline = await startPipeline({
    sandbox: { latency: { leastMs: 12_000, medianMs: 12_010, spread: 0.001 } },
    env: { UPGRADE_LATE: "on", ALIPAY_TIMEOUT_MS: "30000", RETRY_INITIAL_DELAY_MS: "1000" },
  });
  const worker = await pipeline.startWorker();
  await pipeline.publish(due("t", 3, 8_000));
  await revised(pipeline, 3, 2);
  for (const contents of contentsOf(pipeline)) {
    expect(contents).toMatchObject(UPGRADED);
    expect(contents.map(({ attempts }) => attempts)).toEqual([1, 1]);
  }
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(3);
  expect(await worker.end()).toBe(0);
});

it("where no true score can be had, the fallback stands, and nothing else is told", async () => {
  const { pipeline, resume } = await startFrozen({}, { script: () => "invalid-parameter" });
  await pipeline.startWorker();
  await pipeline.publish(due("t", 3, 8_000));
  await revised(pipeline, 3, 1);
  await resume();
  const calls = () => pipeline.sandbox.report().calls.wellSigned;
  await expect.poll(calls, { timeout: 60_000 }).toBe(3);
  await expect.poll(() => pipeline.ready("waiting"), { timeout: 60_000 }).toBe(0);
  for (const contents of contentsOf(pipeline)) {
    expect(contents).toMatchObject([{ source: "fallback", revision: 1 }]);
  }
  expect(pipeline.collector.deadLetters).toEqual([]);
});
