import { expect, it } from "vitest";
import { FAULTS } from "../../scripts/sandbox/faults.ts";
import { removeKeys } from "../../shared/redis/remove-keys.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { startPipeline } from "../support/start-pipeline.ts";

const TRANSACTIONS = 20;
const COPIES = 4;

it("no transaction gets a fifth call from its duplicates when Redis forgets everything", async () => {
  const pipeline = await startPipeline({
    sandbox: {
      script: () => FAULTS["http-502"],
      latency: { leastMs: 400, medianMs: 410, spread: 0.01 },
    },
    env: { RETRY_INITIAL_DELAY_MS: "700", ALIPAY_TIMEOUT_MS: "500" },
  });
  await pipeline.startWorker();
  await pipeline.startWorker();
  const ids = Array.from({ length: TRANSACTIONS }, (_, i) => `t-${i}`);
  const bodies = ids.map((id) => sampleBody({ transactionId: id, userId: id }));
  for (let copy = 1; copy <= COPIES; copy++) await pipeline.publish(bodies);

  const { collector, namespace, redis, sandbox } = pipeline;
  const callsAreMade = () => sandbox.report().calls.arrived;
  await expect.poll(callsAreMade, { timeout: 15_000 }).toBeGreaterThan(TRANSACTIONS);
  // As FLUSHALL would, but for this installation only.
  await redis.del(Object.values<string>({ ...pipeline.ledger }));
  await removeKeys(redis, `${namespace}:*`);

  const all = TRANSACTIONS * COPIES;
  await collector.until((c) => c.deadLetters.length === all, AbortSignal.timeout(60_000));
  expect(sandbox.report().transactions.maxCalls).toBe(4);
  for (const { properties } of collector.deadLetters) {
    expect(properties.headers).toMatchObject({
      "x-risk-reason": "attempts-exhausted",
      "x-risk-attempts": 4,
    });
  }
  const contents = collector.deadLetters.map(({ properties: { headers } }) =>
    JSON.stringify([
      headers?.["x-risk-body-sha256"],
      headers?.["x-risk-failed-at"],
      headers?.["x-risk-worker"],
    ]),
  );
  expect(new Set(contents).size).toBe(TRANSACTIONS);
});
