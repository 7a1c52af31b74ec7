import { connect } from "amqplib";
import { Redis } from "ioredis";
import { expect, inject, it, onTestFinished } from "vitest";

it("there is a RabbitMQ that takes connections, with quorum queues", async () => {
  const connection = await connect(inject("amqpUrl"));
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  const queue = `test-services-${process.pid}`;
  onTestFinished(async () => {
    await channel.deleteQueue(queue);
  });
  const declared = await channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum" } });
  expect(declared.messageCount).toBe(0);
});

it("there is a Redis that keeps what it is given", async () => {
  const redis = new Redis(inject("redisUrl"));
  onTestFinished(() => redis.disconnect());
  expect(await redis.ping()).toBe("PONG");
  expect(await redis.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
});
