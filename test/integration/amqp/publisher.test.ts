import { describe, expect, it } from "vitest";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import type { OutgoingMessage } from "../../../shared/amqp/outgoing-message.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { openConnection, openPublisher, proxyTo, testBroker, type TestBroker } from "./broker.ts";
import { Inbox } from "./inbox.ts";

const transaction = (
  { names }: TestBroker,
  body: string,
  routingKey = "transaction.standard",
): OutgoingMessage => ({
  exchange: names.exchanges.transactions,
  routingKey,
  body: Buffer.from(body),
  properties: { messageId: "same for all" },
});

const onto = (queue: string, body = ""): OutgoingMessage => ({
  exchange: "",
  routingKey: queue,
  body: Buffer.from(body),
  properties: {},
});

const kindOf = (publishing: Promise<void>): Promise<string> =>
  publishing.then(
    () => "confirmed",
    (error: unknown) => (error instanceof Error && "kind" in error ? String(error.kind) : String(error)),
  );

async function publisherThroughProxy(options: Parameters<typeof openPublisher>[1] = {}) {
  const broker = await testBroker();
  const proxy = await proxyTo(broker.url);
  const { connection, events } = await openConnection(proxy.url);
  const publisher = openPublisher(connection, options);
  await publisher.publish(transaction(broker, "first"));
  return { broker, proxy, connection, events, publisher };
}

describe("publish", () => {
  it("resolves when the message is safe, in order, persistent", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection, { window: 3 });
    const bodies = Array.from({ length: 50 }, (_, i) => String(i));
    await Promise.all(bodies.map((body) => publisher.publish(transaction(broker, body))));
    for (const body of bodies) {
      const { content, properties } = await broker.take(broker.names.lanes.standard);
      expect({ body: content.toString(), mode: properties.deliveryMode }).toEqual({ body, mode: 2 });
    }
  });

  it("tells the one that no queue takes from its neighbours with the same message id", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection);
    const kinds = await Promise.all([
      kindOf(publisher.publish(transaction(broker, "a"))),
      kindOf(publisher.publish(onto("nowhere"))),
      kindOf(publisher.publish(transaction(broker, "b"))),
    ]);
    expect(kinds).toEqual(["confirmed", "unroutable", "confirmed"]);
  });

  it("adds no header of its own", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection);
    const { queue } = await broker.channel.assertQueue("", { exclusive: true }); // a quorum queue adds one
    await publisher.publish({ ...onto(queue), properties: { headers: { rail: "alipay" } } });
    expect((await broker.take(queue)).properties.headers).toEqual({ rail: "alipay" });
  });

  it("blames as many of equal messages as were returned", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection);
    const bodies = ["a", "b", "a", "c", "a"];
    const kinds = await Promise.all([
      ...bodies.map((body) => kindOf(publisher.publish(onto("nowhere", body)))),
      ...bodies.map((body) => kindOf(publisher.publish(transaction(broker, body)))),
    ]);
    expect(kinds).toEqual([...bodies.map(() => "unroutable"), ...bodies.map(() => "confirmed")]);
  });

  it("says when the broker refuses", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection);
    const { queue } = await broker.channel.assertQueue("", {
      exclusive: false,
      autoDelete: true,
      expires: 60_000,
      maxLength: 1,
      overflow: "reject-publish",
    });
    await publisher.publish(onto(queue));
    expect(await kindOf(publisher.publish(onto(queue)))).toBe("nacked");
    await broker.channel.deleteQueue(queue);
  });

  it("says when AMQP cannot carry the message, and goes on", async () => {
    const broker = await testBroker();
    const { connection } = await openConnection(broker.url);
    const publisher = openPublisher(connection);
    const unwritable = { ...transaction(broker, "x"), properties: { headers: { odd: NaN } } };
    expect(await kindOf(publisher.publish(unwritable))).toBe("unencodable");
    expect(await kindOf(publisher.publish(transaction(broker, "y")))).toBe("confirmed");
  });

  it("rejects what the cut link left unconfirmed; later ones wait for the next link", async () => {
    const { broker, proxy, events, publisher } = await publisherThroughProxy();
    proxy.stall();
    const unconfirmed = kindOf(publisher.publish(transaction(broker, "unconfirmed")));
    proxy.refuse();
    expect(await unconfirmed).toBe("connection-lost");
    const waiting = kindOf(publisher.publish(transaction(broker, "waited")));
    await events.nextWhere(({ kind }) => kind === "disconnected");
    proxy.restore();
    expect(await waiting).toBe("confirmed");
  });

  it("stops waiting for a link when told to, and only then", async () => {
    const { broker, proxy, events, publisher } = await publisherThroughProxy();
    proxy.refuse();
    await events.nextWhere(({ kind }) => kind === "disconnected");
    const impatience = new AbortController();
    const given = publisher.publish(transaction(broker, "given up"), impatience.signal);
    const kept = kindOf(publisher.publish(transaction(broker, "kept")));
    impatience.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    await expect(publisher.publish(transaction(broker, "late"), impatience.signal)).rejects.toThrow("enough");
    proxy.restore();
    expect(await kept).toBe("confirmed");
    const bodies = [
      await broker.take(broker.names.lanes.standard),
      await broker.take(broker.names.lanes.standard),
    ];
    expect(bodies.map(({ content }) => content.toString())).toEqual(["first", "kept"]);
  });

  it("holds back what exceeds the window until something is confirmed", async () => {
    const { broker, proxy, publisher } = await publisherThroughProxy({ window: 2 });
    proxy.stall();
    const sent = [publisher.publish(transaction(broker, "1")), publisher.publish(transaction(broker, "2"))];
    const impatience = new AbortController();
    const held = publisher.publish(transaction(broker, "3"), impatience.signal);
    impatience.abort(new Error("not sent"));
    await expect(held).rejects.toThrow("not sent");
    proxy.restore();
    await Promise.all(sent);
  });

  it("does not wait for ever for a confirm, and starts afresh", async () => {
    const lost = new Inbox<string>();
    const { broker, proxy, publisher } = await publisherThroughProxy({
      confirmTimeoutMs: 200,
      onChannelLost: ({ message }) => lost.put(message),
    });
    proxy.stall();
    expect(await kindOf(publisher.publish(transaction(broker, "slow")))).toBe("timed-out");
    expect(await lost.next()).toBe("the broker stopped confirming");
    proxy.restore();
    expect(await kindOf(publisher.publish(transaction(broker, "fast")))).toBe("confirmed");
  });

  it("survives the end of its channel", async () => {
    const { broker, publisher } = await publisherThroughProxy();
    const toNoExchange = { ...transaction(broker, "x"), exchange: "no such exchange" };
    expect(await kindOf(publisher.publish(toNoExchange))).toBe("connection-lost");
    expect(await kindOf(publisher.publish(transaction(broker, "y")))).toBe("confirmed");
  });

  it("has an exchange declared again that somebody deleted", async () => {
    const broker = await testBroker();
    const topology = topologyOf({ namespace: broker.namespace, hasResultsQueue: true });
    const { connection } = await openConnection(broker.url, {
      prepare: (model) => declareTopology(model, topology),
    });
    const publisher = openPublisher(connection);
    await broker.channel.deleteExchange(broker.names.exchanges.transactions);
    expect(await kindOf(publisher.publish(transaction(broker, "x")))).toBe("connection-lost");
    expect(await kindOf(publisher.publish(transaction(broker, "y")))).toBe("confirmed");
    expect((await broker.take(broker.names.lanes.standard)).content.toString()).toBe("y");
  });

  it("lets what was sent be confirmed when it closes, and refuses the rest", async () => {
    const { broker, publisher } = await publisherThroughProxy({ window: 1 });
    const sent = kindOf(publisher.publish(transaction(broker, "sent")));
    const waiting = kindOf(publisher.publish(transaction(broker, "waiting")));
    await Promise.all([publisher.close(), publisher.close()]);
    expect(await Promise.all([sent, waiting])).toEqual(["confirmed", "closed"]);
    expect(await kindOf(publisher.publish(transaction(broker, "late")))).toBe("closed");
  });
});
