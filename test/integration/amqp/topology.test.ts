import { connect as connectRaw } from "amqplib";
import { describe, expect, it, onTestFinished } from "vitest";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import { inspectQueues } from "../../../shared/amqp/inspect-queues.ts";
import { TopologyMismatchError } from "../../../shared/amqp/topology-mismatch-error.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { testBroker } from "./broker.ts";

async function rawModel(url: string) {
  const model = await connectRaw(url);
  onTestFinished(() => model.close());
  return model;
}

describe("declareTopology", () => {
  it("declares on a fresh broker, and again on what is there", async () => {
    const { url, namespace, names } = await testBroker({ isDeclared: false });
    const model = await rawModel(url);
    const topology = topologyOf({ namespace, hasResultsQueue: true });
    await declareTopology(model, topology);
    await declareTopology(model, topology);
    const empty = { ready: 0, consumers: 0 };
    const queues = [...Object.values(names.lanes), names.waiting, names.results, names.deadLetters];
    expect(await inspectQueues(model, queues)).toEqual(queues.map((queue) => ({ queue, counts: empty })));
  });

  it("leaves the results queue out where it is not wanted", async () => {
    const { url, namespace, names } = await testBroker({ isDeclared: false });
    const model = await rawModel(url);
    await declareTopology(model, topologyOf({ namespace, hasResultsQueue: false }));
    expect(await inspectQueues(model, [names.results, names.undeliveredResults])).toEqual([
      { queue: names.results, counts: undefined },
      { queue: names.undeliveredResults, counts: { ready: 0, consumers: 0 } },
    ]);
  });

  it("says which queue differs in which argument", async () => {
    const { url, namespace, names, channel } = await testBroker({ isDeclared: false });
    const model = await rawModel(url);
    await channel.assertQueue(names.deadLetters, {
      arguments: { "x-queue-type": "quorum", "x-delivery-limit": 20 },
    });
    const declaring = declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    await expect(declaring).rejects.toThrow(TopologyMismatchError);
    await expect(declaring).rejects.toThrow(
      new RegExp(`queue "${names.deadLetters}" exists with another x-delivery-limit: .*1000000.*20`),
    );
  });

  it("says which exchange differs in what", async () => {
    const { url, namespace, names, channel } = await testBroker({ isDeclared: false });
    const model = await rawModel(url);
    await channel.assertExchange(names.exchanges.results, "fanout");
    const declaring = declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    await expect(declaring).rejects.toThrow(`exchange "${names.exchanges.results}" exists with another type`);
  });

  it("says which queue somebody holds for himself", async () => {
    const { url, namespace, names, channel } = await testBroker({ isDeclared: false });
    const model = await rawModel(url);
    await channel.assertQueue(names.waiting, { exclusive: true });
    const declaring = declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    await expect(declaring).rejects.toThrow(TopologyMismatchError);
    await expect(declaring).rejects.toThrow(
      `queue "${names.waiting}" is held by another connection (exclusive)`,
    );
  });

  it.each(["transaction.standart", "", "x".repeat(255)])(
    "keeps a message under the wrong key %o",
    async (key) => {
      const broker = await testBroker();
      await broker.produce(key, "lost?", { mandatory: true });
      const { content, fields } = await broker.take(broker.names.deadLetters);
      expect({ content: content.toString(), key: fields.routingKey }).toEqual({ content: "lost?", key });
    },
  );

  it.each(["urgent", "standard", "replay"] as const)(
    "routes transaction.%s to its lane only",
    async (lane) => {
      const broker = await testBroker();
      await broker.produce(`transaction.${lane}`, "here");
      expect((await broker.take(broker.names.lanes[lane])).content.toString()).toBe("here");
      await expect(broker.take(broker.names.deadLetters)).rejects.toThrow("empty");
    },
  );

  it("moves what a lane refuses to the dead letters", async () => {
    const broker = await testBroker();
    await broker.produce("transaction.standard", "poison");
    const deadLetters = await broker.follow(broker.names.deadLetters);
    const message = await broker.channel.get(broker.names.lanes.standard);
    if (message === false) throw new Error("the lane is empty");
    broker.channel.nack(message, false, false);
    expect((await deadLetters.next()).fields.routingKey).toBe("poisoned");
  });

  it("moves what the results queue refuses to the undelivered results", async () => {
    const broker = await testBroker();
    broker.channel.publish(broker.names.exchanges.results, "result.approve", Buffer.from("r"));
    await broker.channel.waitForConfirms();
    const undelivered = await broker.follow(broker.names.undeliveredResults);
    const message = await broker.channel.get(broker.names.results);
    if (message === false) throw new Error("no result");
    broker.channel.nack(message, false, false);
    expect((await undelivered.next()).content.toString()).toBe("r");
  });
});
