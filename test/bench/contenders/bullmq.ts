// The same on BullMQ: a job, GET, SET, and a job for the result. Its queues are in Redis.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";

process.once("disconnect", () => process.exit()); // does not outlive the benchmark

const env = z
  .object({ REDIS_URL: z.string(), NAMESPACE: z.string(), PREFETCH: z.coerce.number() })
  .parse(process.env);

const connection = () => new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
const redis = connection();
const results = new Queue(`${env.NAMESPACE}.results`, { connection: connection() });

interface Job {
  readonly data: { readonly transactionId: string; readonly userId: string };
}

async function answer({ data: { transactionId, userId } }: Job): Promise<void> {
  const riskScore = Number(await redis.get(`${env.NAMESPACE}:score:${userId}`));
  const verdict = riskScore < 0.5 ? "approve" : riskScore < 0.8 ? "review" : "decline";
  const result = {
    schemaVersion: 1,
    transactionId,
    verdict,
    riskScore,
    ruleCodes: [],
    source: "cache",
    revision: 1,
    attempts: 0,
    cost: { value: "0.00", currency: "CNY" },
    traceId: null,
    decidedAt: new Date().toISOString(),
    metadata: { channel: "app" },
  };
  await redis.set(`${env.NAMESPACE}:result:${transactionId}`, JSON.stringify(result), "EX", 86_400);
  await results.add(verdict, result);
}

const worker = new Worker(`${env.NAMESPACE}.transactions`, answer, {
  connection: connection(),
  concurrency: env.PREFETCH,
  removeOnComplete: { count: 0 },
});
await worker.waitUntilReady();
process.send?.("ready");
