import { describe, expect, it } from "vitest";
import { z } from "zod";
import { endOf } from "../../../shared/domain/alipay-calendar.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";
import { riskline } from "../../unit/cli/riskline-process.ts";

const bodies = (count: number, prefix = "t") =>
  Array.from({ length: count }, (_, i) =>
    sampleBody({ transactionId: `${prefix}-${i}`, userId: `user-${i}` }),
  );

/** Twenty-five calls. */
const ENV = { BUDGET_PER_DAY: "0.50", ALIPAY_CALL_PRICE: "0.02" };

describe("two workers with a budget for 25 calls, and 80 transactions at once", () => {
  it("make 25 calls, hold the rest, say why, and go on when the budget is raised", async () => {
    // Few in hand, so that both have some.
    const pipeline = await startPipeline({ env: { ...ENV, PREFETCH: "40" } });
    const { collector, sandbox, redis, namespace } = pipeline;
    const workers = await Promise.all([pipeline.startWorker(), pipeline.startWorker()]);
    await pipeline.publish(bodies(80));
    await collector.until((c) => c.resultsById.size >= 25, AbortSignal.timeout(60_000));
    await Promise.all(workers.map((worker) => worker.line('"hold":"budget"')));
    // Those that are held are in the waiting queue, or in hand from there.
    await expect.poll(() => pipeline.ready("transactions.standard"), { timeout: 10_000 }).toBe(0);
    expect(sandbox.report().calls.arrived).toBe(25);
    expect(collector.deadLetters).toEqual([]);
    const { nowMs, day } = await readCurrent(redis, namespace);
    expect(day).toMatchObject({ calls: 25, tenThousandths: 5_000, stop: { budget: 5_000 } });

    const said = await workers[0]?.line('"hold":"budget"');
    const { cause, waitMs } = z
      .object({ cause: z.string(), waitMs: z.number() })
      .parse(JSON.parse(said ?? ""));
    expect(cause).toBe("the budget of this day is spent");
    expect(Math.abs(waitMs - (endOf("day", nowMs) - nowMs))).toBeLessThan(60_000);
    expect(
      workers.some((worker) => worker.lines.some((line) => line.includes('"budget-nearly-spent"'))),
    ).toBe(true);
    const status = await riskline(["status"], { env: pipeline.env });
    expect(status.stdout).toMatch(/^hold: budget +BUDGET_PER_DAY of 0\.50 CNY is spent, since /m);

    await Promise.all(workers.map((worker) => worker.end()));
    await pipeline.startWorker({ BUDGET_PER_DAY: "10" });
    await collector.until((c) => c.resultsById.size >= 80, AbortSignal.timeout(60_000));
    expect(sandbox.report().calls.arrived).toBe(80);
    expect((await readCurrent(redis, namespace)).day).toMatchObject({
      calls: 80,
      scored: 80,
      stop: undefined,
    });
  }, 120_000);
});

it("with BUDGET_EXHAUSTED=fallback, what cannot be paid for is answered at once, and labelled", async () => {
  const pipeline = await startPipeline({
    env: { ...ENV, BUDGET_EXHAUSTED: "fallback", FALLBACK_VERDICT: "decline", SCORE_ABOVE: "1" },
  });
  const { collector, sandbox } = pipeline;
  await pipeline.startWorker();
  await pipeline.publish([
    ...bodies(40),
    sampleBody({ transactionId: "small", amount: { value: "1.00", currency: "CNY" } }),
  ]);
  await collector.until((c) => c.resultsById.size >= 41, AbortSignal.timeout(60_000));
  const results = [...collector.resultsById.values()].map(([result]) => result);
  expect(results.filter((result) => result?.source === "alipay")).toHaveLength(25);
  const fallbacks = results.filter((result) => result?.source === "fallback");
  expect(fallbacks).toHaveLength(15);
  for (const result of fallbacks)
    expect(result).toMatchObject({ verdict: "decline", riskScore: null, attempts: 0 });
  expect(collector.resultsById.get("small")?.[0]?.source).not.toBe("fallback");
  expect(sandbox.report().calls.arrived).toBe(25);
}, 120_000);
