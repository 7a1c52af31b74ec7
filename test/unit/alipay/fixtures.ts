import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Transaction } from "../../../shared/domain/transaction.ts";

/** The contract's example, as parsed. */
export const transaction: Transaction = {
  transactionId: "T202611230000001",
  rail: "alipay",
  userId: "2088102146225135",
  merchantId: "store-17",
  merchantCategoryCode: "5411",
  amount: { value: "128.50", currency: "CNY", minorUnits: 12_850 },
  deviceFingerprint: "9f86d081884c7d659a2feaa0c55ad015",
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  occurredAtMs: Date.parse("2026-11-23T08:00:00+08:00"),
  decideByMs: undefined,
  metadata: undefined,
};

export const newKeyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });

/** RSA2 as Alipay's documents describe it, without the SDK. */
export const signRsa2 = (text: string, key: KeyObject): string =>
  createSign("RSA-SHA256").update(text, "utf8").sign(key, "base64");

/** The gateway's answer around a response, signed where a key is given. */
export function envelopeOf(response: string, key?: KeyObject, name = "alipay_security_risk_detect_response") {
  const sign = key === undefined ? "" : `,"sign":"${signRsa2(response, key)}"`;
  return `{"${name}":${response}${sign}}`;
}

/** A real HTTP server on a free port of the loopback interface; `await using` closes it with all its sockets. */
export async function startServer(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: new URL(`http://127.0.0.1:${port}/gateway.do`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
