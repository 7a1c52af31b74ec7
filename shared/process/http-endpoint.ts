import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { errorFields } from "./error-fields.ts";
import type { Logger } from "./logger.ts";
import type { MetricsPage } from "./metrics.ts";
import type { HttpPort } from "./settings/setting-values.ts";

/** Whether this replica can work, and if not, why: shown to operators. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** What the endpoint shows, and where. */
interface HttpEndpointOptions {
  readonly port: Exclude<HttpPort, "off">;
  /**
   * All interfaces unless said otherwise, of IPv6 and IPv4: probes and Prometheus come from outside the container, and
   * some clusters have only one of the two.
   */
  readonly host?: string;
  readonly readiness: () => Readiness;
  readonly metrics: MetricsPage;
  readonly log: Pick<Logger, "info" | "error">;
}

/** A listening endpoint. */
export interface HttpEndpoint {
  readonly port: number;
  readonly close: () => Promise<void>;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** How many ports are tried after a default one that is taken. */
const MOST_PORTS_TRIED = 100;
/** Longer than any scrape takes; then a connection is cut off. */
const CLOSE_MS = 1_000;

/** Serves `/livez`, `/readyz` and `/metrics`. Rejects where a port that was set is taken. */
export async function startHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8_192,
    },
    listenerFor(options),
  );
  server.timeout = 10_000;
  server.maxConnections = 64;
  const port = await listen(server, options);
  // Too many open files, for one: no reason to end the worker.
  server.on("error", (error) => options.log.error("http-endpoint-failed", { error }));
  options.log.info("http-listening", { port });
  return { port, close: () => close(server) };
}

async function listen(server: Server, { port: wanted, host, log }: HttpEndpointOptions): Promise<number> {
  const last = wanted.isExplicit ? wanted.port : Math.min(wanted.port + MOST_PORTS_TRIED, 65_535);
  for (let candidate = wanted.port; ; candidate++) {
    try {
      // Without a host, Node.js takes "::", which serves IPv4 as well, or "0.0.0.0" where there is no IPv6.
      server.listen(candidate, host);
      await once(server, "listening");
      const port = portOf(server) ?? candidate;
      if (candidate !== wanted.port) log.info("http-port-moved", { wantedPort: wanted.port, port });
      return port;
    } catch (error) {
      const { code } = errorFields(error);
      if (code === "EADDRINUSE" && candidate < last) continue;
      throw new Error(`HTTP_PORT: cannot listen on ${candidate} (${code ?? "unknown error"})`, {
        cause: error,
      });
    }
  }
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : undefined;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    // An error only says that it is closed already.
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
  });
}

function listenerFor(options: HttpEndpointOptions): RequestListener {
  return (request, response) => {
    const isReading = request.method === "GET" || request.method === "HEAD";
    const [path = ""] = (request.url ?? "").split("?");
    void pageFor(isReading ? path : undefined, options).then(({ status, contentType, body }) => {
      response.writeHead(status, {
        "content-type": contentType,
        "content-length": Buffer.byteLength(body),
        "cache-control": "no-store",
        ...(isReading ? {} : { allow: "GET, HEAD" }),
      });
      // Node.js itself leaves out the body of an answer to HEAD.
      response.end(body);
    });
  };
}

/** Never rejects: a check that fails is an answer too. */
async function pageFor(path: string | undefined, options: HttpEndpointOptions): Promise<Page> {
  try {
    switch (path) {
      case "/livez":
        // That this line runs is the proof.
        return text(200, "ok");
      case "/readyz":
        return readinessPage(options.readiness());
      case "/metrics":
        return {
          status: 200,
          contentType: options.metrics.contentType,
          body: await options.metrics.render(),
        };
      case undefined:
        return text(405, "GET or HEAD only");
      default:
        return text(404, "not found");
    }
  } catch (error) {
    options.log.error("http-page-failed", { error });
    return text(500, "failed");
  }
}

function readinessPage({ ready, reasons }: Readiness): Page {
  return {
    status: ready ? 200 : 503,
    contentType: "application/json",
    body: `${JSON.stringify({ ready, reasons })}\n`,
  };
}

const text = (status: number, body: string): Page => ({
  status,
  contentType: "text/plain; charset=utf-8",
  body: `${body}\n`,
});
