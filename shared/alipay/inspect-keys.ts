import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { identifyKey, isOwnPublicKey, type IdentifiedKey } from "./credentials.ts";
import { createOfficialSdk } from "./official-sdk.ts";

/** What a setting that should hold a key holds. */
export interface KeyFacts {
  readonly what: IdentifiedKey["what"];
  /** Such as "rsa". */
  readonly type?: string | undefined;
  readonly bits?: number | undefined;
  /** A PEM text that has no end. */
  readonly isCutShort: boolean;
}

/** What both keys are, and whether they do what keys are for; undefined where a key is missing for it. */
export interface CredentialFacts {
  readonly privateKey: KeyFacts | undefined;
  readonly publicKey: KeyFacts | undefined;
  /** The public key belongs to the private one, so it cannot be Alipay's. */
  readonly isOwnPublicKey: boolean | undefined;
  /** What the official SDK signs with the private key is verified by the public key that belongs to it. */
  readonly isSignatureGood: boolean | undefined;
}

/** Looks at the texts of both keys, and makes a signature that goes nowhere. Gives nothing of them away. */
export function inspectKeys(texts: {
  readonly appId: string;
  readonly privateKey: string | undefined;
  readonly publicKey: string | undefined;
}): CredentialFacts {
  const own = texts.privateKey === undefined ? undefined : identifyKey(texts.privateKey);
  const alipays = texts.publicKey === undefined ? undefined : identifyKey(texts.publicKey);
  const privateKey = own?.what === "private key" ? own.key : undefined;
  const publicKey = alipays?.what === "public key" ? alipays.key : undefined;
  return {
    privateKey: own && keyFacts(own, texts.privateKey),
    publicKey: alipays && keyFacts(alipays, texts.publicKey),
    isOwnPublicKey: privateKey && publicKey && isOwnPublicKey(privateKey, publicKey),
    isSignatureGood: privateKey?.asymmetricKeyType === "rsa" ? signs(texts.appId, privateKey) : undefined,
  };
}

function keyFacts(identified: IdentifiedKey, text = ""): KeyFacts {
  const isCutShort = text.includes("-----BEGIN") && !text.includes("-----END");
  if (!("key" in identified)) return { what: identified.what, isCutShort };
  const { what, key } = identified;
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return { what, type: key.asymmetricKeyType, bits, isCutShort };
}

/** The signed text is put together here once more, since the SDK's own check would make the same mistake twice. */
function signs(appId: string, privateKey: KeyObject): boolean {
  const publicKey = createPublicKey(privateKey);
  const sdk = createOfficialSdk({ appId, privateKey, alipayPublicKey: publicKey });
  const form = new URLSearchParams(sdk.sdkExecute("alipay.security.risk.detect", { nonce: "doctor" }));
  const signature = Buffer.from(form.get("sign") ?? "", "base64");
  form.delete("sign");
  form.sort();
  const signedText = [...form].map(([name, value]) => `${name}=${value}`).join("&");
  return verify("RSA-SHA256", Buffer.from(signedText), publicKey, signature);
}
