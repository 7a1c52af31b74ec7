import { expect, it, vi } from "vitest";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Payments whose amounts rise from one to the next, so that the last one to come is worth most. */
const rising = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({
      transactionId: `t-${i}`,
      userId: `t-${i}`,
      amount: { value: `${i + 1}.00`, currency: "CNY" },
    }),
  );

const COUNT = 40;

/** The places of the payments in the order in which their calls were answered. */
async function orderOf(pipeline: Pipeline): Promise<number[]> {
  const worker = await pipeline.startWorker();
  await pipeline.publish(rising(COUNT));
  const { collector } = pipeline;
  await collector.until((c) => c.resultsById.size === COUNT, AbortSignal.timeout(90_000));
  await worker.end();
  return [...collector.resultsById.keys()].map((id) => Number(id.slice("t-".length)));
}

/** How far the first half of the answered ones was from the most valuable half: 0 is all of them. */
const strangersAmong = (order: readonly number[]): number =>
  order.slice(0, COUNT / 2).filter((place) => place < COUNT / 2).length;

// Ten a second: by the second answer all forty wait.
const SHORT = { ALIPAY_QUOTA: "10/1s" };

it("where permits are short, larger amounts go first, and every tenth goes to whoever waits longest", async () => {
  const order = await orderOf(await startPipeline({ env: SHORT }));
  // A few go before all have come, and two of twenty were those who waited longest.
  expect(strangersAmong(order)).toBeLessThanOrEqual(6);
  const overtaken = order.findIndex((place, i) => i >= 5 && place < 5);
  expect(overtaken).toBeGreaterThanOrEqual(5); // somebody was overtaken,
  expect(overtaken).toBeLessThan(COUNT - 5); // and not left for the end
});

it("VALUE_FIRST=off: first come, first served", async () => {
  const order = await orderOf(await startPipeline({ env: { ...SHORT, VALUE_FIRST: "off" } }));
  expect(strangersAmong(order)).toBeGreaterThanOrEqual(COUNT / 2 - 2);
});
