import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { OwnServer, ServerKind } from "../../scripts/services/server.ts";
import { startOwnServer } from "../../scripts/services/start-own-server.ts";
import type { Pipeline } from "../support/pipeline.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { servers } from "../support/servers.ts";
import { startPipeline } from "../support/start-pipeline.ts";

const QUOTA = { calls: 50, windowMs: 1_000 };
const TRANSACTIONS = 600;

/** An installation whose one server can be taken away; the other is the test run's own. */
async function startInstallation(kind: ServerKind): Promise<{ server: OwnServer; pipeline: Pipeline }> {
  const server = await startOwnServer(kind, {}, () => undefined);
  onTestFinished(() => server.stop());
  const own = kind === "redis" ? { redisUrl: server.url } : { amqpUrl: server.url };
  const pipeline = await startPipeline({
    servers: { ...servers(), ...own },
    sandbox: { quota: [QUOTA], scenario: "calm" },
    env: { ALIPAY_QUOTA: "50/1s" },
  });
  return { server, pipeline };
}

it.each([
  {
    fault: "is killed, and comes back with its data after 3 s",
    strike: async (server: OwnServer) => {
      await server.kill();
      await sleep(3_000);
      await server.start();
    },
  },
  {
    fault: "stands still for 3 s",
    strike: async (server: OwnServer) => {
      await server.pause();
      await sleep(3_000);
      await server.resume();
    },
  },
])(
  "Redis $fault: nothing is lost or called too often, and the quota holds",
  async ({ strike }) => {
    const { server, pipeline } = await startInstallation("redis");
    await Promise.all([pipeline.startWorker(), pipeline.startWorker()]);
    await pipeline.publish(
      Array.from({ length: TRANSACTIONS }, (_, i) =>
        sampleBody({ transactionId: `t-${i}`, userId: `user-${i}` }),
      ),
    );
    const { collector, sandbox } = pipeline;
    await collector.until((c) => c.results.length > TRANSACTIONS / 6, AbortSignal.timeout(30_000));
    await strike(server);
    await collector.until((c) => c.resultsById.size >= TRANSACTIONS, AbortSignal.timeout(60_000));

    const { quota, transactions, refusals } = sandbox.report();
    expect(collector.deadLetters).toEqual([]);
    expect(refusals).toEqual({});
    expect(quota.map(({ isExceeded }) => isExceeded)).toEqual([false]);
    expect(transactions.maxCalls).toBeLessThanOrEqual(2);
    for (const worker of pipeline.workers) expect(await worker.end()).toBe(0);
  },
  120_000,
);
