import { Socket } from "node:net";
import { describe, expect, inject, it, vi } from "vitest";
import { connect } from "../../../shared/amqp/connection.ts";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { openConnection, proxyTo, testBroker } from "./broker.ts";

const never = new AbortController().signal;

it("lets the frames of one turn leave together", async () => {
  const { connection } = await openConnection(inject("amqpUrl"));
  const model = await connection.open(never);
  const channel = await model.createConfirmChannel();
  const stream = "stream" in model.connection ? model.connection.stream : undefined;
  if (!(stream instanceof Socket)) throw new Error("amqplib has moved its socket");
  const [one, many] = [vi.spyOn(stream, "_write"), vi.spyOn(stream, "_writev")];
  for (let frame = 0; frame < 10; frame += 1) channel.publish("", "nowhere", Buffer.from("x"));
  await channel.waitForConfirms();
  expect(one).not.toHaveBeenCalled();
  expect(many).toHaveBeenCalledOnce();
  await channel.close();
});

describe("connect", () => {
  it.each([
    {
      change: (url: URL) => (url.password = "wr0ng"),
      problem: /refuses user ".*": wrong name or password in AMQP_URL/,
    },
    { change: (url: URL) => (url.pathname = "/nowhere"), problem: /virtual host "nowhere" of AMQP_URL/ },
    { change: (url: URL) => (url.href = "http://broker"), problem: /AMQP_URL has to begin with amqp:/ },
  ])("fails at once where repeating is useless: $problem", async ({ change, problem }) => {
    const url = new URL(inject("amqpUrl"));
    url.username ||= "guest";
    url.password ||= "guest";
    change(url);
    const connecting = connect(url.href, { name: "test" });
    await expect(connecting).rejects.toThrow(problem);
    await expect(connecting).rejects.not.toThrow("wr0ng");
  });

  it("does not repeat a URL that cannot be read, with the password in it", async () => {
    await expect(connect("amqp://u:s3cret@[", { name: "test" })).rejects.toThrow(/^AMQP_URL is not a URL$/);
  });

  it("keeps trying until the broker is there", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    proxy.refuse();
    const attempts: string[] = [];
    const { connection } = await openConnection(proxy.url, {
      onEvent: ({ kind }) => {
        attempts.push(kind);
        if (attempts.length === 2) proxy.restore();
      },
    });
    expect(attempts).toEqual(["disconnected", "disconnected", "connected"]);
    await connection.open(never);
  });

  it("gives up after the attempts it was given", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    proxy.refuse();
    await expect(connect(proxy.url, { name: "test", firstAttempts: 2 })).rejects.toThrow(
      "no connection to 127.0.0.1",
    );
  });

  it("stops trying when it is told to", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    proxy.refuse();
    const impatience = new AbortController();
    const connecting = connect(proxy.url, {
      name: "test",
      signal: impatience.signal,
      onEvent: () => impatience.abort(new Error("enough")),
    });
    await expect(connecting).rejects.toThrow("enough");
  });

  it("stops an attempt that hangs", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    proxy.stall();
    const connecting = connect(proxy.url, { name: "test", signal: AbortSignal.timeout(100) });
    await expect(connecting).rejects.toThrow("timeout");
  });

  it("comes back after the link was cut, as another connection", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    const { connection, events } = await openConnection(proxy.url);
    const first = await connection.open(never);
    await events.next();
    proxy.cut();
    expect(await events.next()).toMatchObject({ kind: "disconnected" });
    expect(await events.next()).toMatchObject({ kind: "connected" });
    const second = await connection.open(never);
    expect(second).not.toBe(first);
    await second.createChannel();
  });

  it("survives a link that is cut while it is prepared", async () => {
    const broker = await testBroker();
    const proxy = await proxyTo(broker.url);
    const topology = topologyOf({ namespace: broker.namespace, hasResultsQueue: true });
    let preparations = 0;
    const { connection } = await openConnection(proxy.url, {
      prepare: async (model) => {
        if (++preparations === 1) proxy.cut();
        await declareTopology(model, topology);
      },
    });
    await connection.open(never);
    expect(preparations).toBe(2);
  });

  it("is prepared again each time, so that a broker that lost everything gets its topology back", async () => {
    const broker = await testBroker();
    const proxy = await proxyTo(broker.url);
    const topology = topologyOf({ namespace: broker.namespace, hasResultsQueue: true });
    const { events } = await openConnection(proxy.url, {
      prepare: (model) => declareTopology(model, topology),
    });
    await broker.channel.deleteQueue(broker.names.waiting);
    proxy.cut();
    await events.nextWhere(({ kind }) => kind === "disconnected");
    await events.nextWhere(({ kind }) => kind === "connected");
    await expect(broker.channel.checkQueue(broker.names.waiting)).resolves.toBeDefined();
  });

  it("is prepared again on request; a link that is lost meanwhile fails the request", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    let preparations = 0;
    const { connection, events } = await openConnection(proxy.url, {
      prepare: async () => {
        if (++preparations !== 2) return;
        proxy.cut();
        await new Promise(() => undefined); // a dead link answers nothing
      },
    });
    await expect(connection.prepareAgain()).rejects.toThrow(/ECONNRESET|closed|end/);
    await events.nextWhere(({ kind }) => kind === "disconnected");
    await events.nextWhere(({ kind }) => kind === "connected");
    await connection.prepareAgain();
    expect(preparations).toBe(4);
  });

  it("fails at the start where the topology differs", async () => {
    const broker = await testBroker({ isDeclared: false });
    await broker.channel.assertExchange(broker.names.exchanges.transactions, "direct");
    const topology = topologyOf({ namespace: broker.namespace, hasResultsQueue: true });
    const connecting = connect(broker.url, {
      name: "test",
      prepare: (model) => declareTopology(model, topology),
    });
    await expect(connecting).rejects.toThrow("exists with another type");
  });

  it("closes once, however often and whenever it is asked", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    const { connection, events } = await openConnection(proxy.url);
    proxy.refuse();
    await events.nextWhere(({ kind }) => kind === "disconnected");
    const waiting = connection.open(never);
    await Promise.all([connection.close(), connection.close(), expect(waiting).rejects.toThrow("is closed")]);
    await expect(connection.open(never)).rejects.toThrow("is closed");
  });

  it("closes although the broker does not answer", async () => {
    const proxy = await proxyTo(inject("amqpUrl"));
    const { connection } = await openConnection(proxy.url);
    proxy.stall();
    await connection.close();
    await expect(connection.open(never)).rejects.toThrow("is closed");
  });
});
