import { expect, it, vi } from "vitest";
import { fixedLatency } from "../../../scripts/sandbox/latency.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

vi.setConfig({ testTimeout: 60_000 });

const CALL_MS = 1_000;

it("a ban that is heard while a replica stops is told to all of them", async () => {
  const departed = Promise.withResolvers<void>();
  const pipeline = await startPipeline({
    sandbox: {
      latency: fixedLatency(CALL_MS),
      script: () => {
        departed.resolve();
        return "punished";
      },
    },
  });
  const worker = await pipeline.startWorker();
  await pipeline.publish([sampleBody()]);
  await departed.promise;
  expect(await worker.end("SIGTERM")).toBe(0);
  expect(await pipeline.redis.exists(pipeline.ledger.freeze)).toBe(1);
});

it("a replica that is told to end at once does not wait for the gateway's answer", async () => {
  const departed = Promise.withResolvers<void>();
  const pipeline = await startPipeline({
    sandbox: {
      script: () => {
        departed.resolve();
        return "silence";
      },
    },
    env: { ALIPAY_TIMEOUT_MS: "30000", SHUTDOWN_GRACE_MS: "500" },
  });
  const worker = await pipeline.startWorker();
  await pipeline.publish([sampleBody()]);
  await departed.promise;
  const askedMs = performance.now();
  expect(await worker.end("SIGTERM")).toBe(1);
  // Half a second of grace, three seconds at most for the rest; the call would have taken thirty.
  expect(performance.now() - askedMs).toBeLessThan(15_000);
});
