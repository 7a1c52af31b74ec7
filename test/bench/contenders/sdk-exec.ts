// A client that only loops the official SDK's `exec`, as its users do: the private key as PEM text (KEY=pem) or, better
// than its users know, as a parsed KeyObject (KEY=object); answers verified. Says what a call costs it.
import { createPrivateKey } from "node:crypto";
import { AlipaySdk } from "alipay-sdk";
import { z } from "zod";
import { nextBody } from "../next-body.ts";

process.once("disconnect", () => process.exit()); // does not outlive the benchmark

const env = z
  .object({
    ALIPAY_GATEWAY_URL: z.string(),
    ALIPAY_APP_ID: z.string(),
    ALIPAY_PRIVATE_KEY: z.string(),
    ALIPAY_PUBLIC_KEY: z.string(),
    KEY: z.enum(["pem", "object"]),
    FROM: z.coerce.number(),
    TO: z.coerce.number(),
    AT_ONCE: z.coerce.number(),
  })
  .parse(process.env);

const sdk = new AlipaySdk({
  appId: env.ALIPAY_APP_ID,
  privateKey: env.ALIPAY_PRIVATE_KEY,
  keyType: "PKCS8",
  alipayPublicKey: env.ALIPAY_PUBLIC_KEY,
  gateway: env.ALIPAY_GATEWAY_URL,
});
if (env.KEY === "object") Object.assign(sdk.config, { privateKey: createPrivateKey(env.ALIPAY_PRIVATE_KEY) });

let next = 0;

async function loop(end: number): Promise<void> {
  while (next < end) {
    const { transactionId, amount, merchantCategoryCode, deviceFingerprint, geolocation } = nextBody(next++);
    const bizContent = {
      transactionId,
      amount: amount.value,
      currency: amount.currency,
      merchantCategoryCode,
      deviceFingerprint,
      geolocation,
    };
    const { code } = await sdk.exec("alipay.security.risk.detect", { bizContent }, { validateSign: true });
    if (code !== "10000") throw new Error(`the gateway answered ${code}`);
  }
}

const loops = (end: number) => Promise.all(Array.from({ length: env.AT_ONCE }, () => loop(end)));

await loops(env.FROM);
const before = { cpu: process.cpuUsage(), atMs: performance.now() };
await loops(env.TO);
const { user, system } = process.cpuUsage(before.cpu);
const calls = env.TO - env.FROM;
process.send?.({
  perSecond: (1_000 * calls) / (performance.now() - before.atMs),
  cpuMicros: (user + system) / calls,
});
