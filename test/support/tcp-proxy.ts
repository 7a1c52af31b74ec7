import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

/** A link that tests can break: stands between a client and a server on this machine. */
export interface TcpProxy {
  /** The target's URL, through the proxy. */
  readonly url: string;
  /** Resets every connection; new ones are accepted. */
  cut(): void;
  /** Resets every connection, and each new one at once, until `restore`. */
  refuse(): void;
  /** Keeps the connections and lets no byte through, until `restore`. */
  stall(): void;
  restore(): void;
  /** Keeps the connections that there are and lets no byte through them, until `restore`; new ones are open. */
  abandon(): void;
  /** Leads to another server from now on; every connection is reset. */
  retarget(targetUrl: string): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1 in front of the URL's host and port. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  let target = new URL(targetUrl);
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: "open" | "refusing" | "stalled" = "open";

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on("error", () => undefined);
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.pipe(to);
    }
    if (mode === "refusing") reset(pair);
    if (mode === "stalled") pause(pair);
  });
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String(await listen(server));

  const cut = (): void => pairs.forEach(reset);
  return {
    url: url.href,
    cut,
    refuse() {
      mode = "refusing";
      cut();
    },
    stall() {
      mode = "stalled";
      pairs.forEach(pause);
    },
    restore() {
      mode = "open";
      pairs.forEach(resume);
    },
    abandon() {
      pairs.forEach(pause);
    },
    retarget(newTargetUrl) {
      target = new URL(newTargetUrl);
      cut();
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

function reset([client, upstream]: readonly [Socket, Socket]): void {
  client.resetAndDestroy();
  upstream.destroy();
}

function pause([client, upstream]: readonly [Socket, Socket]): void {
  client.unpipe(upstream).pause();
  upstream.unpipe(client).pause();
}

function resume([client, upstream]: readonly [Socket, Socket]): void {
  client.pipe(upstream);
  upstream.pipe(client);
}
