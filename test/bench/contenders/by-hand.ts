// The least that has to be done for an answer from a stored score, as somebody would write it down in an afternoon:
// consume, GET, SET, publish with a confirm, ack. No checks, no deduplication, no log, no metrics, no second chance.
import { connect } from "amqplib";
import { Redis } from "ioredis";
import { z } from "zod";

process.once("disconnect", () => process.exit()); // does not outlive the benchmark

const env = z
  .object({ AMQP_URL: z.string(), REDIS_URL: z.string(), NAMESPACE: z.string(), PREFETCH: z.coerce.number() })
  .parse(process.env);

const redis = new Redis(env.REDIS_URL);
const model = await connect(env.AMQP_URL, { noDelay: true });
const consuming = await model.createChannel();
const publishing = await model.createConfirmChannel();
await consuming.prefetch(env.PREFETCH);

async function answer(content: Buffer): Promise<void> {
  const { transactionId, userId }: { transactionId: string; userId: string } = JSON.parse(content.toString());
  const riskScore = Number(await redis.get(`${env.NAMESPACE}:score:${userId}`));
  const verdict = riskScore < 0.5 ? "approve" : riskScore < 0.8 ? "review" : "decline";
  const result = JSON.stringify({
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
  });
  await redis.set(`${env.NAMESPACE}:result:${transactionId}`, result, "EX", 86_400);
  await new Promise<void>((resolve, reject) => {
    publishing.publish(
      `${env.NAMESPACE}.results`,
      `result.${verdict}`,
      Buffer.from(result),
      { contentType: "application/json", messageId: transactionId, persistent: true, mandatory: true },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
}

await consuming.consume(`${env.NAMESPACE}.transactions.standard`, (message) => {
  if (message !== null) void answer(message.content).then(() => consuming.ack(message));
});
process.send?.("ready");
