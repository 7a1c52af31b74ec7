import { expect, it, vi } from "vitest";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import { LedgerOperator } from "../../../shared/redis/ledger/operate-ledger.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

vi.setConfig({ testTimeout: 180_000 });

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Transactions that must be answered within so many milliseconds; without a number, whenever. */
const transactions = (name: string, count: number, decideInMs?: number) =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({
      transactionId: `${name}-${i}`,
      userId: `${name}-${i}`,
      occurredAt: inMs(0),
      ...(decideInMs === undefined ? {} : { decideBy: inMs(decideInMs) }),
    }),
  );

/** Waits until each has an answer of the source; how late the latest was, in milliseconds after its `decideBy`. */
async function answeredBy(
  { collector }: Pipeline,
  bodies: readonly Record<string, unknown>[],
  source: RiskResult["source"],
): Promise<number> {
  const ids = bodies.map(({ transactionId }) => String(transactionId));
  await collector.until((c) => ids.every((id) => c.resultsById.has(id)), AbortSignal.timeout(120_000));
  const results = ids.flatMap((id) => collector.resultsById.get(id) ?? []);
  expect(results.filter((result) => result.source !== source)).toEqual([]);
  const decideBy = new Map(
    bodies.map((body) => [body["transactionId"], Date.parse(String(body["decideBy"]))]),
  );
  const lateMs = results.map(
    ({ transactionId, decidedAt }) => Date.parse(decidedAt) - (decideBy.get(transactionId) ?? 0),
  );
  return Math.max(...lateMs);
}

/** deadlines.test.ts measures to the millisecond; here a machine may be busy, but nobody may be forgotten. */
const BUSY_MS = 2_000;

it("frozen by an operator: who has a deadline is answered before it, nobody is lost, nothing is spent", async () => {
  const pipeline = await startPipeline({ env: { PREFETCH: "40" } });
  const operator = new LedgerOperator(pipeline.redis, {
    appId: pipeline.namespace,
    gatewayUrl: pipeline.sandbox.url,
    namespace: pipeline.namespace,
    operator: "the test",
  });
  await pipeline.startWorker();
  await pipeline.startWorker();
  await operator.freeze("a test", 600_000);

  const patient = transactions("patient", 60);
  const pressed = transactions("pressed", 120, 15_000);
  await pipeline.publish(patient.flatMap((body, i) => [body, ...pressed.slice(2 * i, 2 * i + 2)]));
  expect(await answeredBy(pipeline, pressed, "fallback")).toBeLessThan(BUSY_MS);
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(0);
  const { month } = await readCurrent(pipeline.redis, pipeline.namespace);
  expect(month).toMatchObject({ calls: 0, tenThousandths: 0 });
  expect(pipeline.collector.deadLetters).toEqual([]);
  expect(pipeline.collector.resultsById.size).toBe(pressed.length);

  await operator.resume("the test goes on", await operator.standingHolds());
  await answeredBy(pipeline, patient, "alipay");
  expect(pipeline.sandbox.report().calls.wellSigned).toBe(patient.length);
});

it("a gateway that hangs: who has a deadline is answered before it, and nobody is called for after it", async () => {
  const pipeline = await startPipeline({
    sandbox: { script: (id) => (id.startsWith("pressed") ? "silence" : undefined) },
    env: { ALIPAY_TIMEOUT_MS: "3000", RETRY_INITIAL_DELAY_MS: "2000" },
  });
  await pipeline.startWorker();
  const pressed = transactions("pressed", 40, 10_000);
  const patient = transactions("patient", 20);
  await pipeline.publish([...pressed, ...patient]);
  expect(await answeredBy(pipeline, pressed, "fallback")).toBeLessThan(BUSY_MS);
  await answeredBy(pipeline, patient, "alipay");
  expect(pipeline.collector.deadLetters).toEqual([]);

  const callsOf = (bodies: readonly Record<string, unknown>[]): number =>
    bodies
      .flatMap(({ transactionId }) => pipeline.collector.resultsById.get(String(transactionId)) ?? [])
      .reduce((sum, { attempts }) => sum + attempts, 0);
  // Every call that was made is told in an answer: none came after it.
  expect(pipeline.sandbox.report().calls.wellSigned).toBeLessThanOrEqual(callsOf([...pressed, ...patient]));
});
