import { once } from "node:events";
import { Agent, request, type IncomingHttpHeaders } from "node:http";
import { createServer, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import {
  startHttpEndpoint,
  type HttpEndpoint,
  type Readiness,
} from "../../../shared/process/http-endpoint.ts";
import { listen } from "../../support/listen.ts";

const HOST = "127.0.0.1";
const READY: Readiness = { ready: true, reasons: [] };

interface Given {
  /** HOST unless said otherwise; undefined is the endpoint's own choice. */
  readonly host?: string | undefined;
  readonly port?: { readonly port: number; readonly isExplicit: boolean };
  readonly readiness?: () => Readiness;
  readonly render?: () => Promise<string>;
}

async function start(given: Given = {}) {
  const { port = { port: 0, isExplicit: true }, readiness = () => READY, render } = given;
  const host = "host" in given ? given.host : HOST;
  const events: string[] = [];
  const record = (event: string): void => void events.push(event);
  const endpoint = await startHttpEndpoint({
    port,
    ...(host !== undefined && { host }),
    readiness,
    metrics: {
      contentType: "text/plain; version=0.0.4",
      render: render ?? (() => Promise.resolve("a_metric 1\n")),
    },
    log: { info: record, error: record },
  });
  onTestFinished(() => endpoint.close());
  return { endpoint, events };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask({ port }: HttpEndpoint, path: string, method = "GET", agent?: Agent): Promise<Answer> {
  const sent = request({ host: HOST, port, path, method, ...(agent && { agent }) }).end();
  const answered = new Promise<Answer>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode, headers: response.headers, body }),
        reject,
      );
    });
  });
  return answered;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return await listen(server);
}

it.each([
  { path: "/livez", status: 200, body: "ok\n" },
  { path: "/readyz", status: 200, body: '{"ready":true,"reasons":[]}\n' },
  { path: "/readyz?verbose", status: 200, body: '{"ready":true,"reasons":[]}\n' },
  { path: "/metrics", status: 200, body: "a_metric 1\n" },
  { path: "/", status: 404, body: "not found\n" },
  { path: "/metrics/", status: 404, body: "not found\n" },
  { path: "/__proto__", status: 404, body: "not found\n" },
])("answers GET $path with $status", async ({ path, status, body }) => {
  const { endpoint } = await start();
  expect(await ask(endpoint, path)).toMatchObject({ status, body });
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === "IPv6"),
);

it.each(["127.0.0.1", ...(hasIpv6 ? ["[::1]"] : [])])(
  "listens on all interfaces unless told otherwise: %s",
  async (host) => {
    const { endpoint } = await start({ host: undefined });
    expect((await fetch(`http://${host}:${endpoint.port}/readyz`)).status).toBe(200);
  },
);

it("gives the metrics their content type", async () => {
  const { endpoint } = await start();
  expect((await ask(endpoint, "/metrics")).headers["content-type"]).toBe("text/plain; version=0.0.4");
});

it("answers HEAD without a body, and refuses to be written to", async () => {
  const { endpoint } = await start();
  expect(await ask(endpoint, "/livez", "HEAD")).toMatchObject({
    status: 200,
    body: "",
    headers: { "content-length": "3" },
  });
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    expect(await ask(endpoint, "/livez", method)).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
  }
});

it("says why it is not ready", async () => {
  const { endpoint } = await start({
    readiness: () => ({ ready: false, reasons: ["no connection to Redis"] }),
  });
  expect(await ask(endpoint, "/readyz")).toMatchObject({
    status: 503,
    body: '{"ready":false,"reasons":["no connection to Redis"]}\n',
  });
  expect(await ask(endpoint, "/livez")).toMatchObject({ status: 200 });
});

it.each([
  {
    path: "/readyz",
    given: {
      readiness: () => {
        throw new Error("s3cr3t");
      },
    },
  },
  { path: "/metrics", given: { render: () => Promise.reject(new Error("s3cr3t")) } },
])("survives a $path that fails", async ({ path, given }) => {
  const { endpoint, events } = await start(given);
  expect(await ask(endpoint, path)).toMatchObject({ status: 500, body: "failed\n" });
  expect(await ask(endpoint, "/livez")).toMatchObject({ status: 200 });
  expect(events).toContain("http-page-failed");
});

it("moves to the next free port where the default is taken, and says so", async () => {
  const port = await takenPort();
  const { endpoint, events } = await start({ port: { port, isExplicit: false } });
  expect(endpoint.port).toBeGreaterThan(port);
  expect(events).toEqual(["http-port-moved", "http-listening"]);
  expect(await ask(endpoint, "/livez")).toMatchObject({ status: 200 });
});

it("fails where a port that was set is taken", async () => {
  const port = await takenPort();
  await expect(start({ port: { port, isExplicit: true } })).rejects.toThrow(
    `HTTP_PORT: cannot listen on ${port} (EADDRINUSE)`,
  );
});

it("closes with keep-alive connections open, twice if need be, and frees the port", async () => {
  const { endpoint } = await start();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  await ask(endpoint, "/livez", "GET", agent);
  await Promise.all([endpoint.close(), endpoint.close()]);
  const again = await start({ port: { port: endpoint.port, isExplicit: true } });
  expect(again.endpoint.port).toBe(endpoint.port);
});

it("closes although somebody sent half a request", async () => {
  const { endpoint } = await start();
  const socket = connect(endpoint.port, HOST);
  const ended = once(socket, "close");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write("GET /livez HTTP/1.1\r\nHost: a\r\n");
  // Known to the server once it has answered somebody who came later.
  await ask(endpoint, "/livez");
  await expect(endpoint.close()).resolves.toBeUndefined();
  await ended;
});
