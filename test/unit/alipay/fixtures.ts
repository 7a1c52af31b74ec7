import { createSign, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../../support/listen.ts";

/** RSA2 as Alipay's documents describe it, without the SDK. */
export const signRsa2 = (text: string, key: KeyObject): string =>
  createSign("RSA-SHA256").update(text, "utf8").sign(key, "base64");

/** The gateway's answer around a response, signed where a key is given. */
export function envelopeOf(response: string, key?: KeyObject, name = "alipay_security_risk_detect_response") {
  const sign = key === undefined ? "" : `,"sign":"${signRsa2(response, key)}"`;
  return `{"${name}":${response}${sign}}`;
}

/** Answers a request, now or later. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A real HTTP server on a free port of the loopback interface; `await using` closes it with all its sockets. */
export async function startServer(listener: Listener) {
  const server = createServer((request, response) => void listener(request, response));
  const port = await listen(server);
  return {
    server,
    url: new URL(`http://127.0.0.1:${port}/gateway.do`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
