import { randomUUID, sign, verify, type KeyObject } from "node:crypto";
import { sandboxKeys } from "../../support/sandbox-keys.ts";

export const { app: appKeys, gateway: gatewayKeys } = sandboxKeys();

export const APP_ID = "2021000000000001";

/** A transaction that breaks no rule. */
export const bizContent = (transactionId: string): Record<string, unknown> => ({
  transaction_id: transactionId,
  amount: "128.50",
  currency: "CNY",
  merchant_category_code: "5411",
  device_fingerprint: "9f86d081884c7d659a2feaa0c55ad015",
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
});

/** `yyyy-MM-dd HH:mm:ss`, GMT+8, made another way than the sandbox reads it. */
export function timestampOf(epochMs: number): string {
  return new Date(epochMs).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
}

/** The parameters of a call that the gateway accepts, unsigned; undefined leaves one out. */
export function parametersOf(
  biz: unknown,
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const parameters = {
    app_id: APP_ID,
    method: "alipay.security.risk.detect",
    charset: "utf-8",
    version: "1.0",
    sign_type: "RSA2",
    timestamp: timestampOf(Date.now()),
    nonce: randomUUID(),
    biz_content: JSON.stringify(biz),
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Signs as the documents say, and form-encodes. */
export function signedForm(parameters: Record<string, string>, key: KeyObject = appKeys.privateKey): string {
  const text = Object.entries(parameters)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const signature = sign("RSA-SHA256", Buffer.from(text), key).toString("base64");
  return new URLSearchParams({ ...parameters, sign: signature }).toString();
}

/** A whole, right call for a transaction. */
export const callFor = (transactionId: string): string => signedForm(parametersOf(bizContent(transactionId)));

/** Whether the gateway's key signed the inner text of an envelope, taken raw. */
export function isSignedByGateway(envelope: string): boolean {
  const [, inner = "", signature = ""] = /^\{"\w+":(\{.*\}),"sign":"([^"]+)"\}$/.exec(envelope) ?? [];
  return verify("RSA-SHA256", Buffer.from(inner), gatewayKeys.publicKey, Buffer.from(signature, "base64"));
}
