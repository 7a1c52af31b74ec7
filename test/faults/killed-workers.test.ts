import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sampleBody } from "../support/sample-transaction.ts";
import { startPipeline } from "../support/start-pipeline.ts";

const GOOD = 1_200;
const BAD = 100;
const QUOTA = { calls: 100, windowMs: 1_000 };
/** The gateway answers in about 80 ms: that is what all three replicas together have in flight, and half as much again. */
const MOST_CUT_SHORT_BY_A_KILL = QUOTA.calls / 8;

it("nothing is lost, repeated or overcharged while workers are killed every two seconds", async () => {
  const pipeline = await startPipeline({
    sandbox: { scenario: "calm", quota: [QUOTA] },
    env: { ALIPAY_QUOTA: "100/1s", PREFETCH: "100" },
  });
  const workers = await Promise.all([pipeline.startWorker(), pipeline.startWorker(), pipeline.startWorker()]);
  await pipeline.publish([
    ...Array.from({ length: GOOD }, (_, i) =>
      sampleBody({ transactionId: `good-${i}`, userId: `user-${i % 300}` }),
    ),
    ...Array.from({ length: BAD }, (_, i) =>
      sampleBody({ transactionId: `bad-${i}`, amount: { value: "0.00", currency: "CNY" } }),
    ),
  ]);

  let kills = 0;
  const done = new AbortController();
  const killing = (async () => {
    for (let victim = 0; !done.signal.aborted; victim = (victim + 1) % workers.length) {
      await sleep(2_000, undefined, { signal: done.signal }).catch(() => undefined);
      if (done.signal.aborted) return;
      kills += 1;
      await workers[victim]?.end("SIGKILL");
      workers[victim] = await pipeline.startWorker();
    }
  })();
  const { collector, sandbox } = pipeline;
  try {
    await collector.until(
      (c) => c.resultsById.size + c.deadLetterDigests.size >= GOOD + BAD,
      AbortSignal.timeout(90_000),
    );
  } finally {
    done.abort();
    await killing;
  }

  const { calls, quota, transactions, refusals } = sandbox.report();
  expect(collector.resultsById.size).toBe(GOOD);
  expect(collector.deadLetterDigests.size).toBe(BAD);
  const contents = Map.groupBy(collector.results, ({ properties }) => String(properties.messageId));
  for (const repeats of contents.values()) {
    expect(new Set(repeats.map(({ body }) => body.toString())).size).toBe(1);
  }
  expect(refusals).toEqual({});
  expect(quota.map(({ isExceeded }) => isExceeded)).toEqual([false]);
  expect(transactions.maxCalls).toBeLessThanOrEqual(4);
  // Only a kill makes a call be made again: one for each call that it cut short.
  expect(kills).toBeGreaterThan(0);
  expect(calls.wellSigned - GOOD).toBeLessThanOrEqual(kills * MOST_CUT_SHORT_BY_A_KILL);
}, 120_000);
