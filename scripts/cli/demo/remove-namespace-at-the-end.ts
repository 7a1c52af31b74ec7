/**
 * A program of its own: waits until the pipe from the demo closes, then takes the demo's queues and keys off the servers
 * that it was given. The drivers are loaded only then: waiting costs little.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";

const leashedSchema = z.object({
  amqpUrl: z.string(),
  redisUrl: z.string(),
  namespace: z.string(),
  ledgerKeys: z.string(),
});

const { amqpUrl, redisUrl, namespace, ledgerKeys } = leashedSchema.parse(
  JSON.parse(await text(process.stdin)),
);
const { connect } = await import("../../../shared/amqp/connection.ts");
const { removeTopology } = await import("../../../shared/amqp/remove-topology.ts");
const { topologyOf } = await import("../../../shared/amqp/topology.ts");
const { closeRedis, openRedis } = await import("../../../shared/redis/connection.ts");
const { removeKeys } = await import("../../../shared/redis/remove-keys.ts");

async function removeFromBroker(): Promise<void> {
  const connection = await connect(amqpUrl, { name: "riskline demo, at its end", firstAttempts: 3 });
  const model = await connection.open(AbortSignal.timeout(5_000));
  await removeTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
  await connection.close();
}

async function removeFromRedis(): Promise<void> {
  const redis = await openRedis(redisUrl);
  await removeKeys(redis, `${namespace}:*`);
  await removeKeys(redis, ledgerKeys);
  await closeRedis(redis);
}

const removals = await Promise.allSettled([removeFromBroker(), removeFromRedis()]);
process.exit(removals.every(({ status }) => status === "fulfilled") ? 0 : 1);
