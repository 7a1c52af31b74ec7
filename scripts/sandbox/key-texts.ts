import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** Reads an RSA public key: PEM, or bare base64 as Alipay's console shows it. */
export function parsePublicKey(text: string): KeyObject {
  // createPublicKey would take a private key, too, and hide that somebody mixed up two files.
  if (/PRIVATE KEY/.test(text)) throw new Error("this is a private key, wanted is the public one");
  return createPublicKey(isPem(text) ? text : { key: fromBase64(text), format: "der", type: "spki" });
}

/** Reads an RSA private key: PEM, or bare base64 of PKCS#8 or PKCS#1. */
export function parsePrivateKey(text: string): KeyObject {
  if (isPem(text)) return createPrivateKey(text);
  const key = fromBase64(text);
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } catch {
    return createPrivateKey({ key, format: "der", type: "pkcs1" });
  }
}

const isPem = (text: string): boolean => text.includes("-----BEGIN");

const fromBase64 = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "base64");
