import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTransport } from "../../../shared/alipay/transport.ts";
import { listen } from "../../support/listen.ts";
import { startServer } from "./fixtures.ts";

const always = () => true;

/** A transport that closes at the end of the test. */
function transportTo(url: URL, { timeoutMs = 5_000, sockets = 4 } = {}) {
  const transport = createTransport({ gatewayUrl: url, timeoutMs, sockets });
  return { ...transport, [Symbol.asyncDispose]: () => transport.close() };
}

const answerOk = (_: IncomingMessage, response: ServerResponse) => void response.end("ok");

describe("an answered post", () => {
  it("brings status, headers and body, and sends the form as it is", async () => {
    const seen: string[] = [];
    await using server = await startServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push(`${request.method} ${request.url} ${request.headers["content-type"]} ${body}`);
      response.writeHead(200, { trace_id: "21a3", date: "Mon, 23 Nov 2026 00:00:00 GMT" }).end("answer");
    });
    await using transport = transportTo(new URL("?region=cn", server.url));
    const outcome = await transport.post("a=1&b=%20", always);
    expect(seen).toEqual([
      "POST /gateway.do?region=cn application/x-www-form-urlencoded;charset=utf-8 a=1&b=%20",
    ]);
    expect(outcome).toMatchObject({
      kind: "answered",
      answer: { status: 200, headers: { trace_id: "21a3", date: "Mon, 23 Nov 2026 00:00:00 GMT" } },
    });
    expect(outcome.kind === "answered" && outcome.answer.body.toString()).toBe("answer");
  });

  it("does not follow a redirect", async () => {
    let requests = 0;
    await using server = await startServer((_, response) => {
      requests += 1;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    await using transport = transportTo(server.url);
    expect(await transport.post("a=1", always)).toMatchObject({ kind: "answered", answer: { status: 307 } });
    expect(requests).toBe(1);
  });

  it("skips interim answers", async () => {
    await using server = await startServer((_, response) => {
      response.writeProcessing();
      response.end("ok");
    });
    await using transport = transportTo(server.url);
    expect(await transport.post("a=1", always)).toMatchObject({ kind: "answered", answer: { status: 200 } });
  });
});

describe("a post that left and brought no answer", () => {
  it.each<{ name: string; answer: (response: ServerResponse) => void; answerHead: unknown }>([
    { name: "silent", answer: () => undefined, answerHead: undefined },
    {
      name: "dribbling",
      answer: (response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write("."), 20);
        response.on("close", () => clearInterval(drip));
      },
      answerHead: expect.objectContaining({ status: 200 }),
    },
  ])("a $name server is given up at the deadline", async ({ answer, answerHead }) => {
    await using server = await startServer((_, response) => answer(response));
    await using transport = transportTo(server.url, { timeoutMs: 250 });
    const begun = performance.now();
    expect(await transport.post("a=1", always)).toEqual({ kind: "broken", cause: "timeout", answerHead });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(245);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it("is not given up when the answer came while this process was paused", async () => {
    const server = new Worker(
      `const { parentPort } = require("node:worker_threads");
       const server = require("node:http").createServer((request, response) => response.end("ok"));
       server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
      { eval: true },
    );
    onTestFinished(async () => void (await server.terminate()));
    const [port] = await once(server, "message");
    await using transport = transportTo(new URL(`http://127.0.0.1:${port}/`), { timeoutMs: 300 });
    const outcome = await transport.post("a=1", () => {
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600));
      return true;
    });
    expect(outcome).toMatchObject({ kind: "answered" });
  });

  it("is never posted again: one reset, one request", async () => {
    let requests = 0;
    await using server = await startServer((request) => {
      requests += 1;
      request.socket.resetAndDestroy();
    });
    await using transport = transportTo(server.url);
    expect(await transport.post("a=1", always)).toEqual({
      kind: "broken",
      cause: "reset",
      answerHead: undefined,
    });
    expect(requests).toBe(1);
  });

  it("breaks where the answer is cut off", async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    await using transport = transportTo(server.url);
    expect(await transport.post("a=1", always)).toEqual({
      kind: "broken",
      cause: "reset",
      answerHead: expect.objectContaining({ status: 200 }),
    });
  });

  it("breaks where the answer is too large, told or untold", async () => {
    await using server = await startServer((request, response) => {
      request.resume();
      if (request.url === "/told") response.writeHead(200, { "content-length": 300_000 });
      response.end("x".repeat(300_000));
    });
    for (const path of ["/told", "/untold"]) {
      await using transport = transportTo(new URL(path, server.url));
      expect(await transport.post("a=1", always)).toEqual({
        kind: "broken",
        cause: "oversize",
        answerHead: expect.objectContaining({ status: 200 }),
      });
    }
  });

  it("breaks where the answer is not HTTP", async () => {
    await using server = await startTcp((socket) =>
      socket.once("data", () => socket.end("220 smtp ready\r\n")),
    );
    await using transport = transportTo(server.url);
    expect(await transport.post("a=1", always)).toEqual({
      kind: "broken",
      cause: "unreadable",
      answerHead: undefined,
    });
  });
});

describe("a post that never left", () => {
  it("says why there was no connection", async () => {
    const { url } = await startAndStop();
    await using transport = transportTo(url);
    const departures: string[] = [];
    const outcome = await transport.post("a=1", () => departures.push("asked") > 0);
    expect(outcome).toEqual({ kind: "not-sent", why: "unreachable", detail: "no connection: ECONNREFUSED" });
    expect(departures).toEqual([]);
  });

  it("because a server does not speak TLS, or shows no certificate that we trust", async () => {
    await using plain = await startServer(answerOk);
    await using transport = transportTo(new URL(plain.url.href.replace("http:", "https:")));
    expect(await transport.post("a=1", always)).toMatchObject({ kind: "not-sent", why: "unreachable" });

    const pem = readFileSync(new URL("untrusted-server.pem", import.meta.url));
    await using server = await listening(createTlsServer({ key: pem, cert: pem }), "https:");
    await using secure = transportTo(server.url);
    expect(await secure.post("a=1", always)).toEqual({
      kind: "not-sent",
      why: "unreachable",
      detail: "no connection: DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });

  it("because the deadline passed while connecting", async () => {
    await using server = await startTcp(() => undefined);
    // TLS towards a server that accepts and stays silent: connected, but never ready to be written to.
    await using transport = transportTo(new URL(server.url.href.replace("http:", "https:")), {
      timeoutMs: 200,
    });
    const neverAsked = () => expect.unreachable();
    expect(await transport.post("a=1", neverAsked)).toEqual({
      kind: "not-sent",
      why: "unreachable",
      detail: "no connection before the deadline",
    });
  });

  it("because the transport is closed", async () => {
    await using server = await startServer(answerOk);
    const transport = createTransport({ gatewayUrl: server.url, timeoutMs: 1_000, sockets: 1 });
    await transport.close();
    expect(await transport.post("a=1", always)).toMatchObject({ kind: "not-sent", why: "unreachable" });
  });
});

describe("the question before departure", () => {
  it("comes on a connected socket; no takes the request back before a byte leaves, and the socket stays", async () => {
    const received: string[] = [];
    let connections = 0;
    await using server = await startTcp((socket) => {
      connections += 1;
      socket.on("data", (chunk) => {
        received.push(chunk.toString());
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    });
    await using transport = transportTo(server.url, { sockets: 1 });
    for (let round = 0; round < 3; round += 1) {
      expect(await transport.post("a=withdrawn", () => false)).toMatchObject({
        kind: "not-sent",
        why: "withdrawn",
      });
    }
    expect(await transport.post("a=sent", always)).toMatchObject({ kind: "answered" });
    expect(await transport.post("a=withdrawn", () => false)).toMatchObject({
      kind: "not-sent",
      why: "withdrawn",
    });
    expect(await transport.post("a=again", always)).toMatchObject({ kind: "answered" });
    expect(received.map((request) => request.split("\r\n").at(-1))).toEqual(["a=sent", "a=again"]);
    expect(connections).toBe(1);
  });

  it("is asked in the tick of the write: not even a microtask comes between", async () => {
    await using server = await startServer(answerOk);
    await using transport = transportTo(server.url);
    const order: string[] = [];
    const noteWrite = () => order.push("written");
    subscribe("undici:client:sendHeaders", noteWrite);
    onTestFinished(() => void unsubscribe("undici:client:sendHeaders", noteWrite));
    await transport.post("a=1", () => {
      queueMicrotask(() => order.push("microtask"));
      return order.push("asked") > 0;
    });
    expect(order).toEqual(["asked", "written", "microtask"]);
  });

  it("comes when a socket is free, not when the post is queued", async () => {
    const order: string[] = [];
    const { promise: firstArrived, resolve: arrive } = Promise.withResolvers<ServerResponse>();
    await using server = await startServer((_, response) => {
      if (order.includes("second departs")) response.end("ok");
      else arrive(response);
    });
    await using transport = transportTo(server.url, { sockets: 1 });
    const note = (entry: string) => () => order.push(entry) > 0;
    const first = transport.post("a=1", note("first departs")).then(note("first answered"));
    const second = transport.post("a=2", note("second departs"));
    (await firstArrived).end("ok");
    await Promise.all([first, second]);
    expect(order).toEqual(["first departs", "first answered", "second departs"]);
  });

  it("is not asked any more once the deadline has passed in the queue", async () => {
    const arrived: ServerResponse[] = [];
    await using server = await startServer((_, response) => {
      arrived.push(response);
    });
    await using transport = transportTo(server.url, { sockets: 1, timeoutMs: 150 });
    let asked = 0;
    const [first, second] = await Promise.all([
      transport.post("a=1", always),
      transport.post("a=2", () => (asked += 1) > 0),
    ]);
    expect(first).toMatchObject({ kind: "broken", cause: "timeout" });
    expect(second).toMatchObject({ kind: "not-sent", why: "unreachable" });
    await transport.close();
    expect({ asked, arrived: arrived.length }).toEqual({ asked: 0, arrived: 1 });
  });
});

describe("sockets", () => {
  it("are opened by warming up, without a request, and used afterwards", async () => {
    let requests = 0;
    await using server = await startServer((_, response) => {
      requests += 1;
      response.end("ok");
    });
    let connections = 0;
    const { promise: allOpen, resolve } = Promise.withResolvers<void>();
    server.server.on("connection", () => {
      connections += 1;
      if (connections === 3) resolve();
    });
    await using transport = transportTo(server.url, { sockets: 3 });
    await Promise.all([transport.warmUp(10), allOpen]);
    expect(requests).toBe(0);
    await Promise.all([1, 2, 3].map(() => transport.post("a=1", always)));
    expect({ connections, requests }).toEqual({ connections: 3, requests: 3 });
  });

  it("warming up does not fail where nobody listens", async () => {
    const { url } = await startAndStop();
    await using transport = transportTo(url);
    await expect(transport.warmUp(2)).resolves.toBeUndefined();
  });

  it("are never more than allowed", async () => {
    let connections = 0;
    await using server = await startServer((_, response) => void setImmediate(() => response.end("ok")));
    server.server.on("connection", () => (connections += 1));
    await using transport = transportTo(server.url, { sockets: 4 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => transport.post("a=1", always)));
    expect(outcomes.every(({ kind }) => kind === "answered")).toBe(true);
    expect(connections).toBeLessThanOrEqual(4);
  });

  it("are closed only when the calls in flight have ended", async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<ServerResponse>();
    await using server = await startServer((_, response) => arrive(response));
    const transport = createTransport({ gatewayUrl: server.url, timeoutMs: 5_000, sockets: 1 });
    const post = transport.post("a=1", always);
    const response = await arrived;
    const closed = transport.close();
    response.end("ok");
    expect(await post).toMatchObject({ kind: "answered" });
    await closed;
  });
});

/** Any server of node:net's kind, on a free port of the loopback interface. */
async function listening(server: ReturnType<typeof createTcpServer>, protocol = "http:") {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  const port = await listen(server);
  return {
    url: new URL(`${protocol}//127.0.0.1:${port}/gateway.do`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const startTcp = (onConnection: (socket: Socket) => void) => listening(createTcpServer(onConnection));

/** An address where nobody listens any more. */
async function startAndStop(): Promise<{ url: URL }> {
  await using server = await startServer(answerOk);
  return { url: server.url };
}
