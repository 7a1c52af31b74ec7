import type { KeyObject } from "node:crypto";
import { AlipaySdk } from "alipay-sdk";

/** Who we are at the gateway, and by which key we know its answers. */
export interface Credentials {
  readonly appId: string;
  readonly privateKey: KeyObject;
  readonly alipayPublicKey: KeyObject;
}

/**
 * Alipay's SDK, for signing and verifying only. Its keys are replaced by `KeyObject`s after construction: it
 * wants PEM text, but would then parse that text for each signature (1.06 ms instead of 0.32 ms, on the event
 * loop).
 */
export function createOfficialSdk({ appId, privateKey, alipayPublicKey }: Credentials): AlipaySdk {
  const sdk = new AlipaySdk({
    appId,
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    keyType: "PKCS8",
    signType: "RSA2",
    charset: "utf-8",
    version: "1.0",
  });
  Object.assign(sdk.config, { privateKey, alipayPublicKey });
  return sdk;
}
