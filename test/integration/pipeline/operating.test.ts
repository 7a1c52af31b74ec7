import { expect, it } from "vitest";
import { z } from "zod";
import { allExpressions } from "../../support/monitoring/monitoring-files.ts";
import { unoffered } from "../../support/monitoring/unoffered.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";
import type { WorkerProcess } from "../../support/worker-process.ts";

async function endpointOf(worker: WorkerProcess): Promise<string> {
  const { port } = z.object({ port: z.number() }).parse(JSON.parse(await worker.line('"http-listening"')));
  return `http://127.0.0.1:${port}`;
}

const transactions = (count: number) =>
  Array.from({ length: count }, (_, i) => sampleBody({ transactionId: `t-${i}`, userId: `user-${i}` }));

it("a worker tells whether it lives, is ready, and what it did", async () => {
  const pipeline = await startPipeline();
  const worker = await pipeline.startWorker();
  const endpoint = await endpointOf(worker);
  await expect.poll(async () => (await fetch(`${endpoint}/readyz`)).status, { timeout: 5_000 }).toBe(200);
  expect((await fetch(`${endpoint}/livez`)).status).toBe(200);

  await pipeline.publish([...transactions(3), Buffer.from("bad")]);
  const { collector } = pipeline;
  await collector.until((c) => c.results.length + c.deadLetters.length >= 4, AbortSignal.timeout(10_000));
  await expect
    .poll(async () => (await fetch(`${endpoint}/metrics`)).text(), { timeout: 5_000 })
    .toMatch(/riskline_deliveries_total\{[^}]*source="alipay"[^}]*\} 3\n/);
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  expect(metrics).toMatch(/riskline_deliveries_total\{[^}]*reason="malformed"[^}]*\} 1\n/);
  expect(metrics).toMatch(/riskline_calls_total\{code="10000"\} 3\n/);
  expect(metrics).toMatch(/riskline_spend_cny_total 0\.06\n/);
  expect(metrics).toMatch(/riskline_in_flight_deliveries 0\n/);
});

it("a worker offers what alert rules and dashboard ask for", async () => {
  const pipeline = await startPipeline({ env: { ALIPAY_QUOTA: "1000/1s,50000/1h" } });
  const endpoint = await endpointOf(await pipeline.startWorker());
  await pipeline.publish(transactions(1));
  await pipeline.collector.until((c) => c.results.length > 0, AbortSignal.timeout(10_000));
  // The ledger is seen each second, and the queues are counted at once.
  await expect
    .poll(async () => unoffered(allExpressions(), await (await fetch(`${endpoint}/metrics`)).text()), {
      timeout: 20_000,
    })
    .toEqual([]);
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  expect(metrics).toMatch(/^riskline_ready 1$/m);
  expect(metrics).toMatch(/^riskline_redis_up 1$/m);
  expect(metrics).toMatch(/^riskline_broker_connected\{connection="publisher"\} 1$/m);
  expect(metrics).toMatch(/^riskline_queue_ready\{queue="undelivered-results"\} 0$/m);
});

it("a stopping worker ends its calls in flight, gives the rest back, and loses no answer that was paid for", async () => {
  const pipeline = await startPipeline({
    sandbox: { latency: { leastMs: 200, medianMs: 250, spread: 0.1 } },
    env: { ALIPAY_QUOTA: "60/1s" },
  });
  const { collector, sandbox } = pipeline;
  const count = 120;
  const first = await pipeline.startWorker();
  await pipeline.publish(transactions(count));
  await collector.until((c) => c.results.length >= 20, AbortSignal.timeout(20_000));
  expect(await first.end("SIGTERM")).toBe(0);
  expect(collector.results.length).toBeLessThan(count);

  await pipeline.startWorker();
  await collector.until((c) => c.resultsById.size >= count, AbortSignal.timeout(30_000));
  expect(sandbox.report().calls.wellSigned).toBe(count);
  expect(collector.results).toHaveLength(count);
});

it("a worker whose settings are wrong says all that is wrong, and connects to nothing", async () => {
  const pipeline = await startPipeline();
  const worker = pipeline.spawnWorker({ ALIPAY_QUOTA: "lots", PREFETCH: "0", RISK_REVIEW_AT: "0.9" });
  await worker.line("RISK_REVIEW_AT");
  expect(await worker.ended).toBe(1);
  const output = worker.lines.join("\n");
  for (const name of ["ALIPAY_QUOTA", "PREFETCH", "RISK_REVIEW_AT"]) expect(output).toContain(name);
  expect(output).not.toContain("broker-connected");
});

it("a worker whose keys are swapped says so", async () => {
  const pipeline = await startPipeline();
  const worker = pipeline.spawnWorker({ ALIPAY_PRIVATE_KEY: "A".repeat(200) });
  expect(await worker.ended).toBe(1);
  expect(worker.lines.join("\n")).toMatch(/ALIPAY_PRIVATE_KEY: is no key/);
});
