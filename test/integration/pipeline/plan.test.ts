import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Arrivals } from "../../../scripts/plan/arrivals.ts";
import { parseArrivals } from "../../../scripts/plan/parse-arrivals.ts";
import { reportPlan } from "../../../scripts/plan/plan-report.ts";
import { simulate } from "../../../scripts/plan/simulate.ts";
import { fixedLatency } from "../../../scripts/sandbox/latency.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

const SEED = 7;
const DURATION_MS = 12_000;
const RETRY_DELAY_MS = 100;
const LATENCY = fixedLatency(60);
const FAILURES = 0.1;
/** Long enough that a moment in which the machine is busy elsewhere can be made up for. */
const QUOTA = { calls: 100, windowMs: 5_000 };

/** Half as much again as the quota admits. */
function arrivals(): Arrivals {
  const read = parseArrivals("30/1s");
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

function arrivalTimes(): number[] {
  const times: number[] = [];
  for (const atMs of arrivals().times(createRandom(SEED))) {
    if (atMs > DURATION_MS) break;
    times.push(atMs);
  }
  return times;
}

function planned() {
  const options = {
    arrivals: arrivals(),
    durationMs: DURATION_MS,
    backlog: 0,
    quota: [QUOTA],
    gateway: { realQuota: undefined, banAfter: 20, latency: LATENCY, failures: FAILURES, rejected: 0 },
    returning: 0,
    belowThreshold: 0,
    replicas: 1,
    handPerReplica: 126,
    retryPolicy: { retryLimit: 3, initialDelayMs: RETRY_DELAY_MS },
    timeoutMs: 3_000,
    strikesPerDay: 10,
    freezeMs: 86_400_000,
    seed: SEED,
  };
  return reportPlan(options, simulate(options), 200);
}

/** Publishes each transaction when its time has come. Gives when the last outcome was there, since the beginning. */
async function finishedAfter(pipeline: Pipeline, times: readonly number[]): Promise<number> {
  const { collector } = pipeline;
  const beganAt = performance.now();
  const all = collector.until(
    ({ results, deadLetters }) => results.length + deadLetters.length === times.length,
    AbortSignal.timeout(60_000),
  );
  for (const [place, atMs] of times.entries()) {
    const waitMs = atMs - (performance.now() - beganAt);
    if (waitMs > 0) await sleep(waitMs);
    await pipeline.publish([sampleBody({ transactionId: `planned-${place}` })]);
  }
  await all;
  return performance.now() - beganAt;
}

const differenceOf = (real: number, plan: number): number => Math.abs(real - plan) / plan;

/** A worker that has made calls: a plan knows nothing of the first moments of a process. */
async function startWarmWorker(pipeline: Pipeline): Promise<void> {
  await pipeline.startWorker();
  const ids = Array.from({ length: 30 }, (_, place) => `warm-${place}`);
  await pipeline.publish(ids.map((transactionId) => sampleBody({ transactionId })));
  await pipeline.collector.until(({ results }) => results.length === ids.length, AbortSignal.timeout(20_000));
  // Until its calls are out of the window: a plan begins with none.
  await sleep(QUOTA.windowMs);
  pipeline.collector.results.length = 0;
  pipeline.sandbox.reset();
}

it("a plan agrees with a worker and the sandbox, for the same arrivals, to 5 %", async () => {
  const random = createRandom(SEED);
  const pipeline = await startPipeline({
    sandbox: {
      quota: [QUOTA],
      latency: LATENCY,
      script: (id) => (!id.startsWith("warm") && random() < FAILURES ? "unknow-error" : undefined),
    },
    env: { ALIPAY_QUOTA: "100/5s", RETRY_INITIAL_DELAY_MS: String(RETRY_DELAY_MS) },
  });
  await startWarmWorker(pipeline);
  const plan = planned();
  const times = arrivalTimes();
  expect(plan.transactions.arrived).toBe(times.length);

  const finishedMs = await finishedAfter(pipeline, times);
  const { calls, quota } = pipeline.sandbox.report();
  const real = { calls: calls.wellSigned, busiest: quota[0]?.busiest ?? Infinity, finishedMs };
  const said = { calls: plan.calls.made, finishedMs: plan.finishedAtMs ?? Infinity };
  const both = JSON.stringify({ real, said });
  expect(differenceOf(real.calls, said.calls), both).toBeLessThan(0.05);
  expect(differenceOf(real.finishedMs, said.finishedMs), both).toBeLessThan(0.05);
  expect(real.busiest).toBeLessThanOrEqual(QUOTA.calls);
  expect(plan.windows[0]?.busiest).toBeLessThanOrEqual(QUOTA.calls);
}, 90_000);
