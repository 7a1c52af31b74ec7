import { once } from "node:events";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { ConsumeMessage } from "amqplib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { consume, type ConsumerOptions } from "../../../shared/amqp/consumer.ts";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { LONGEST_IN_HAND_MS, type Delivery } from "../../../shared/domain/delivery.ts";
import type { Disposition } from "../../../shared/domain/disposition.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { openConnection, openPublisher, proxyTo, testBroker, type TestBroker } from "./broker.ts";
import { Inbox } from "./inbox.ts";

const GIVE_BACK: Disposition = { action: "give-back", cause: "shutdown" };
const WAIT: Disposition = { action: "wait", cause: "hold", calls: 4 };

const deadLettered = (reason: "rejected" | "malformed" = "malformed"): Disposition => ({
  action: "dead-letter",
  deadLetter: {
    reason,
    detail: "because",
    attempts: 0,
    replays: 0,
    failedAt: "2026-11-23T08:00:00Z",
    worker: "w",
  },
});

const completed = (transactionId: string): Disposition => ({
  action: "complete",
  rail: "alipay",
  merchantId: undefined,
  result: sampleResult({ transactionId }),
});

const text = (delivery: Delivery): string => Buffer.from(delivery.body).toString();
const complete = async (delivery: Delivery): Promise<Disposition> => completed(text(delivery));

/** A consumer of all queues, what it reported, and the link it consumes through. */
async function running(
  broker: TestBroker,
  handle: ConsumerOptions["handle"],
  prefetch: ConsumerOptions["prefetch"] = { urgent: 10, standard: 10, replay: 10, waiting: 10 },
) {
  const proxy = await proxyTo(broker.url);
  const topology = topologyOf({ namespace: broker.namespace, hasResultsQueue: true });
  const { connection } = await openConnection(proxy.url, {
    prepare: (model) => declareTopology(model, topology),
  });
  const publisher = openPublisher((await openConnection(broker.url)).connection);
  const settled = new Inbox<{
    body: string;
    action: Disposition["action"];
    deliveryCount: number;
    transactionId?: string | undefined;
  }>();
  const faults = new Inbox<unknown>();
  const held = new Inbox<string>();
  const subscribed = new Inbox<string>();
  const lost = new Inbox<string>();
  const consumer = consume({
    connection,
    publisher,
    names: broker.names,
    prefetch,
    handle,
    observer: {
      onSettled: (delivery, disposition) => {
        const { action } = disposition;
        const transactionId = action === "give-back" ? disposition.transactionId : undefined;
        settled.put({ body: text(delivery), action, deliveryCount: delivery.deliveryCount, transactionId });
      },
      onFault: (_, error) => faults.put(error),
      onHeld: (_, error) => held.put(String(error)),
      onSubscribed: subscribed.put,
      onSubscriptionLost: (_, { message }) => lost.put(message),
    },
  });
  onTestFinished(() => consumer.stop(AbortSignal.abort()));
  for (const _ of Object.keys(prefetch)) await subscribed.next();
  return { consumer, proxy, settled, faults, held, subscribed, lost };
}

/** Everything left on a queue: what the broker took back comes before what is published now. */
async function left(broker: TestBroker, queue: string): Promise<ConsumeMessage[]> {
  const arriving = await broker.follow(queue);
  broker.channel.sendToQueue(queue, Buffer.from("the end"), { persistent: true });
  const found: ConsumeMessage[] = [];
  for (;;) {
    const message = await arriving.next();
    if (message.content.toString() === "the end") return found;
    found.push(message);
  }
}

const bodies = (messages: readonly Pick<ConsumeMessage, "content">[]): string[] =>
  messages.map(({ content }) => content.toString());

/** Publishes with a header nested so deeply that amqplib needs a larger stack to write it. */
async function produceNested({ url, names }: TestBroker, depth: number): Promise<void> {
  const source = `
    const { workerData: { amqplib, url, exchange, depth } } = require("node:worker_threads");
    (async () => {
      let nested = {};
      for (let i = 0; i < depth; i++) nested = { n: nested };
      const model = await require(amqplib).connect(url);
      const channel = await model.createConfirmChannel();
      channel.publish(exchange, "transaction.standard", Buffer.from("nested"), { headers: { nested } });
      await channel.waitForConfirms();
      await model.close();
    })();`;
  const amqplib = createRequire(import.meta.url).resolve("amqplib");
  const worker = new Worker(source, {
    eval: true,
    workerData: { amqplib, url, exchange: names.exchanges.transactions, depth },
    resourceLimits: { stackSizeMb: 64 },
  });
  await once(worker, "exit");
}

/** Work that the test ends when it likes. */
class Work {
  readonly begun = new Inbox<Delivery>();
  readonly #end = Promise.withResolvers<Disposition>();
  readonly handle = (delivery: Delivery): Promise<Disposition> => {
    this.begun.put(delivery);
    return this.#end.promise;
  };
  readonly end = (disposition: Disposition): void => this.#end.resolve(disposition);
}

describe("settling", () => {
  it("publishes a result, then acks", async () => {
    const broker = await testBroker();
    const { consumer, settled } = await running(broker, complete);
    await broker.produce("transaction.standard", "T1", { correlationId: "c-1" });
    expect(await settled.next()).toEqual({ body: "T1", action: "complete", deliveryCount: 0 });
    const result = await broker.take(broker.names.results);
    expect(JSON.parse(result.content.toString())).toMatchObject({ transactionId: "T1", verdict: "review" });
    expect(result.properties).toMatchObject({ messageId: "T1", correlationId: "c-1", deliveryMode: 2 });
    await consumer.stop();
    expect(await left(broker, broker.names.lanes.standard)).toEqual([]);
  });

  it("makes a dead letter, then acks", async () => {
    const broker = await testBroker();
    const { consumer, settled } = await running(broker, async () => deadLettered());
    await broker.produce("transaction.urgent", "\u0000");
    expect(await settled.next()).toMatchObject({ action: "dead-letter" });
    const { fields, content, properties } = await broker.take(broker.names.deadLetters);
    expect({ key: fields.routingKey, body: content.toString() }).toEqual({
      key: "malformed",
      body: "\u0000",
    });
    expect(properties.headers).toMatchObject({ "x-risk-reason": "malformed", "x-risk-detail": "because" });
    await consumer.stop();
    expect(await left(broker, broker.names.lanes.urgent)).toEqual([]);
  });

  it("moves to the waiting queue and back into hand, with its lane and what a replay brought", async () => {
    const broker = await testBroker();
    const seen = new Inbox<Delivery>();
    await running(broker, async (delivery) => {
      seen.put(delivery);
      return delivery.lane === "waiting" ? completed("T1") : WAIT;
    });
    const headers = { "x-risk-attempts": 4, "x-risk-replays": 1 };
    await broker.produce("transaction.replay", "T1", { headers });
    expect(await seen.next()).toMatchObject({ lane: "replay", calls: 4, replays: 1 });
    expect(await seen.next()).toMatchObject({
      lane: "waiting",
      originalLane: "replay",
      calls: 4,
      replays: 1,
    });
  });

  it("gives back after a pause when the handler throws, and goes on with the others", async () => {
    const broker = await testBroker();
    const { settled, faults } = await running(broker, async (delivery) => {
      if (text(delivery) === "bug" && delivery.deliveryCount === 0) throw new Error("ours");
      return complete(delivery);
    });
    await broker.produce("transaction.standard", "bug");
    await broker.produce("transaction.standard", "fine");
    expect(await faults.next()).toEqual(new Error("ours"));
    expect(await settled.next()).toEqual({ body: "fine", action: "complete", deliveryCount: 0 });
    expect(await settled.next()).toEqual({ body: "bug", action: "complete", deliveryCount: 1 });
  });

  it("holds a delivery while its result cannot be published", async () => {
    const broker = await testBroker();
    const { held, settled } = await running(broker, complete);
    await broker.channel.unbindQueue(broker.names.results, broker.names.exchanges.results, "result.#");
    await broker.produce("transaction.standard", "T1");
    expect(await held.next()).toContain("no queue is bound");
    await broker.channel.bindQueue(broker.names.results, broker.names.exchanges.results, "result.#");
    expect(await settled.next()).toEqual({ body: "T1", action: "complete", deliveryCount: 0 });
  });

  it("gives a delivery back whose result cannot be published for five minutes, and takes it up again", async () => {
    const broker = await testBroker();
    const { held, settled } = await running(broker, complete);
    await broker.channel.unbindQueue(broker.names.results, broker.names.exchanges.results, "result.#");
    await broker.produce("transaction.standard", "T1");
    await held.next();
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + LONGEST_IN_HAND_MS);
    onTestFinished(() => clock.mockRestore());
    expect(await settled.next()).toEqual({
      body: "T1",
      action: "give-back",
      deliveryCount: 0,
      transactionId: "T1",
    });
    await broker.channel.bindQueue(broker.names.results, broker.names.exchanges.results, "result.#");
    expect(await settled.next()).toEqual({ body: "T1", action: "complete", deliveryCount: 1 });
  });

  it.each([
    ["a false content type", { contentType: "image/png", contentEncoding: "gzip" }],
    ["the highest priority", { priority: 255 }],
    ["a reply-to", { replyTo: "a.queue.of.mine" }],
    ["a user id", { userId: "guest" }],
    ["an expiration", { expiration: "600000" }],
    ["CC", { CC: ["elsewhere"] }],
    ["headers that look like ours and the broker's", { headers: { cc: "x", "x-risk-original-CC": "x" } }],
    [
      "forged headers",
      { headers: { "x-risk-attempts": 4, "x-risk-reason": "rejected", "x-delivery-count": 99 } },
    ],
    [
      "headers of odd types",
      {
        headers: { at: { "!": "timestamp", value: 1 }, far: { "!": "int64", value: "9223372036854775807" } },
      },
    ],
    ["60 KB of headers", { headers: { big: "x".repeat(60_000) } }],
  ])("is not moved by %s", async (_, properties) => {
    const broker = await testBroker();
    const seen = new Inbox<Delivery>();
    const { consumer } = await running(broker, async (delivery) => {
      seen.put(delivery);
      return delivery.lane === "waiting" ? deadLettered("rejected") : { ...WAIT, calls: 2 };
    });
    const deadLetters = await broker.follow(broker.names.deadLetters);
    await broker.produce("transaction.standard", "body", properties);
    expect(await seen.next()).toMatchObject({
      lane: "standard",
      deliveryCount: 0,
      calls: 0,
      replays: undefined,
    });
    expect(await seen.next()).toMatchObject({
      lane: "waiting",
      originalLane: "standard",
      calls: 2,
      replays: undefined,
    });
    const deadLetter = await deadLetters.next();
    expect(deadLetter.content.toString()).toBe("body");
    expect(deadLetter.properties.headers).toMatchObject({
      "x-risk-reason": "rejected",
      "x-risk-attempts": 0,
    });
    expect(deadLetter.properties).toMatchObject({ userId: undefined, expiration: undefined });
    await consumer.stop();
    expect(await left(broker, broker.names.lanes.standard)).toEqual([]);
  });

  it("takes in, without its headers, a message whose headers amqplib cannot decode", async () => {
    const broker = await testBroker();
    const { settled } = await running(broker, complete);
    await produceNested(broker, 8_000);
    await broker.produce("transaction.standard", "next");
    expect(await settled.next()).toEqual({ body: "nested", action: "complete", deliveryCount: 0 });
    expect(await settled.next()).toMatchObject({ body: "next" });
  });

  it("keeps on the dead letter what would have changed its way", async () => {
    const broker = await testBroker();
    await running(broker, async ({ lane }) => (lane === "waiting" ? deadLettered() : WAIT));
    const deadLetters = await broker.follow(broker.names.deadLetters);
    const deceiving = {
      userId: "guest",
      expiration: "600000",
      CC: ["elsewhere"],
      headers: { channel: "app" },
    };
    await broker.produce("transaction.standard", "body", deceiving);
    expect((await deadLetters.next()).properties.headers).toMatchObject({
      channel: "app",
      "x-risk-original-user-id": "guest",
      "x-risk-original-expiration": "600000",
      "x-risk-original-CC": ["elsewhere"],
    });
  });
});

describe("when something breaks", () => {
  it("subscribes again after the link was cut; what was in hand comes back, what was decided is published", async () => {
    const broker = await testBroker();
    const work = new Work();
    const { proxy, settled, subscribed, lost } = await running(broker, work.handle, { standard: 1 });
    await broker.produce("transaction.standard", "T1");
    await work.begun.next();
    proxy.cut();
    await lost.next();
    await subscribed.next();
    expect(await work.begun.next()).toMatchObject({ deliveryCount: 1 });
    work.end(completed("T1"));
    await settled.next();
    await settled.next();
    const results = [await broker.take(broker.names.results), await broker.take(broker.names.results)];
    expect(new Set(bodies(results)).size).toBe(1);
  });

  it("interrupts work whose delivery went back with its channel", async () => {
    const broker = await testBroker();
    const begun = new Inbox<string>();
    const interrupted = new Inbox<string>();
    const { proxy } = await running(broker, async (delivery, signal) => {
      if (delivery.deliveryCount > 0) return complete(delivery);
      begun.put(text(delivery));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      interrupted.put(text(delivery));
      return GIVE_BACK;
    });
    await broker.produce("transaction.standard", "T1");
    await broker.produce("transaction.standard", "T2");
    const results = await broker.follow(broker.names.results);
    await begun.next();
    await begun.next();
    proxy.cut();
    expect([await interrupted.next(), await interrupted.next()].toSorted()).toEqual(["T1", "T2"]);
    expect(bodies([await results.next(), await results.next()])).toHaveLength(2);
  });

  it("declares its queue again when somebody deletes it", async () => {
    const broker = await testBroker();
    const { subscribed, lost, settled } = await running(broker, complete);
    await broker.channel.deleteQueue(broker.names.lanes.urgent);
    expect(await lost.next()).toMatch(/the broker cancelled the consumer of ".*urgent"/);
    expect(await lost.next()).toContain("NOT_FOUND");
    expect(await subscribed.next()).toBe(broker.names.lanes.urgent);
    await broker.produce("transaction.urgent", "T1");
    expect(await settled.next()).toMatchObject({ body: "T1", action: "complete" });
  });

  it("says so when the deleted queue is there again with other properties, and waits for the right one", async () => {
    const broker = await testBroker();
    const { subscribed, lost } = await running(broker, complete);
    const { urgent } = broker.names.lanes;
    await broker.channel.deleteQueue(broker.names.deadLetters);
    await broker.channel.assertQueue(broker.names.deadLetters);
    await broker.channel.deleteQueue(urgent);
    await lost.nextWhere((message) =>
      message.includes(`queue "${broker.names.deadLetters}" exists with another`),
    );
    await broker.channel.deleteQueue(broker.names.deadLetters);
    expect(await subscribed.next()).toBe(urgent);
  });
});

describe("stop", () => {
  it("lets calls in flight end and be acked, and gives back at once what waits", async () => {
    const broker = await testBroker();
    const work = new Work();
    const began = new Inbox<string>();
    const { consumer, settled } = await running(broker, async (delivery, signal) => {
      began.put(text(delivery));
      if (text(delivery) === "call") return work.handle(delivery);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { ...GIVE_BACK, transactionId: "T2" };
    });
    await broker.produce("transaction.standard", "call");
    await broker.produce("transaction.standard", "retry");
    await began.next();
    await began.next();
    const stopped = consumer.stop();
    expect(await settled.next()).toEqual({
      body: "retry",
      action: "give-back",
      deliveryCount: 0,
      transactionId: "T2",
    });
    work.end(completed("call"));
    expect(await settled.next()).toEqual({ body: "call", action: "complete", deliveryCount: 0 });
    await Promise.all([stopped, consumer.stop()]);
    expect(bodies(await left(broker, broker.names.lanes.standard))).toEqual(["retry"]);
  });

  it("loses nothing and repeats nothing when it stops under load", async () => {
    const broker = await testBroker();
    const ids = Array.from({ length: 2_000 }, (_, i) => `T${i}`);
    for (const id of ids)
      broker.channel.publish(broker.names.exchanges.transactions, "transaction.standard", Buffer.from(id));
    await broker.channel.waitForConfirms();
    const { consumer, settled } = await running(broker, complete, { standard: 200 });
    for (let count = 0; count < 150; count += 1) await settled.next();
    await consumer.stop();
    const stayed = bodies(await left(broker, broker.names.lanes.standard));
    const results = (await left(broker, broker.names.results)).map(({ properties }) =>
      String(properties.messageId),
    );
    expect([...stayed, ...results].toSorted()).toEqual(ids.toSorted());
  });

  it("ends at the deadline; what is unsettled goes back", async () => {
    const broker = await testBroker();
    const work = new Work();
    const { consumer } = await running(broker, work.handle);
    await broker.produce("transaction.standard", "T1");
    await work.begun.next();
    const deadline = new AbortController();
    const stopped = consumer.stop(deadline.signal);
    deadline.abort();
    await stopped;
    expect(bodies(await left(broker, broker.names.lanes.standard))).toEqual(["T1"]);
    work.end(GIVE_BACK);
  });

  it.each([
    ["cut", (proxy: { refuse(): void }) => proxy.refuse()],
    ["silent", (proxy: { stall(): void }) => proxy.stall()],
  ])(
    "ends while the link is %s",
    async (_, breakLink: (proxy: { refuse(): void; stall(): void }) => void) => {
      const broker = await testBroker();
      const { consumer, proxy } = await running(broker, complete);
      breakLink(proxy);
      await expect(consumer.stop(AbortSignal.timeout(500))).resolves.toBeUndefined();
    },
  );

  it("gives back a result that cannot be published before the stop", async () => {
    const broker = await testBroker();
    const { consumer, held, settled } = await running(broker, complete);
    await broker.channel.unbindQueue(broker.names.results, broker.names.exchanges.results, "result.#");
    await broker.produce("transaction.standard", "T1");
    await held.next();
    const stopping = consumer.stop();
    expect(await settled.next()).toMatchObject({ body: "T1", action: "give-back" });
    await stopping;
    expect(bodies(await left(broker, broker.names.lanes.standard))).toEqual(["T1"]);
  });
});
