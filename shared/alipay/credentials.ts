import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { parsed, refused, type Parsed } from "../domain/parsed.ts";

/** The fewest that RSA2 takes. */
export const LEAST_RSA_BITS = 2048;

/** The application's private key: PEM or bare base64, PKCS#1 or PKCS#8. Problems never quote the text. */
export function parsePrivateKey(text: string): Parsed<KeyObject> {
  const found = identifyKey(text);
  switch (found.what) {
    case "private key":
      return requireRsa(found.key);
    case "public key":
      return refused("is a public key; the application's private key belongs here (are the two swapped?)");
    case "certificate":
      return refused("is a certificate; the application's private key belongs here");
    case "encrypted private key":
      return refused("is protected by a passphrase; give it without (openssl pkey -in KEY -out PLAIN)");
    case "empty":
      return refused("is empty");
    case "unknown":
      return refused("is no key: PEM or bare base64 of an RSA private key (PKCS#1 or PKCS#8) is needed");
  }
}

/** Alipay's public key: PEM or bare base64, SPKI or PKCS#1. Problems never quote the text. */
export function parseAlipayPublicKey(text: string): Parsed<KeyObject> {
  const found = identifyKey(text);
  switch (found.what) {
    case "public key":
      return requireRsa(found.key);
    case "private key":
    case "encrypted private key":
      return refused("is a private key; Alipay's public key belongs here (are the two swapped?)");
    case "certificate":
      return refused("is a certificate; certificate mode is not supported, Alipay's public key belongs here");
    case "empty":
      return refused("is empty");
    case "unknown":
      return refused("is no key: PEM or bare base64 of Alipay's RSA public key is needed");
  }
}

/**
 * Alipay's console shows both keys side by side, so the application's own public key is often copied instead
 * of Alipay's.
 */
export function isOwnPublicKey(privateKey: KeyObject, alipayPublicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(alipayPublicKey);
}

/** What a text that should be a key is. */
export type IdentifiedKey =
  | { readonly what: "private key" | "public key" | "certificate"; readonly key: KeyObject }
  | { readonly what: "encrypted private key" | "empty" | "unknown" };

/**
 * Says what a text is by its content; PEM labels are only armour, because they are lost, wrong or one-line in
 * the wild.
 */
export function identifyKey(text: string): IdentifiedKey {
  const unescaped = text.replaceAll(/\\[rn]/g, "\n");
  if (unescaped.includes("BEGIN ENCRYPTED PRIVATE KEY") || unescaped.includes("Proc-Type: 4,ENCRYPTED")) {
    return { what: "encrypted private key" };
  }
  const base64 = unescaped.replaceAll(/-----[A-Z0-9 ]+-----|[\s"']/g, "");
  if (base64 === "") return { what: "empty" };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { what: "unknown" };

  const der = Buffer.from(base64, "base64");
  for (const read of READERS) {
    try {
      return read(der);
    } catch {
      // Not this kind; the next reader may know it.
    }
  }
  return { what: "unknown" };
}

const READERS: readonly ((key: Buffer) => IdentifiedKey)[] = [
  (key) => ({ what: "private key", key: createPrivateKey({ key, format: "der", type: "pkcs8" }) }),
  (key) => ({ what: "private key", key: createPrivateKey({ key, format: "der", type: "pkcs1" }) }),
  (key) => ({ what: "private key", key: createPrivateKey({ key, format: "der", type: "sec1" }) }),
  (key) => ({ what: "public key", key: createPublicKey({ key, format: "der", type: "spki" }) }),
  (key) => ({ what: "public key", key: createPublicKey({ key, format: "der", type: "pkcs1" }) }),
  (certificate) => ({ what: "certificate", key: new X509Certificate(certificate).publicKey }),
];

function requireRsa(key: KeyObject): Parsed<KeyObject> {
  if (key.asymmetricKeyType !== "rsa") {
    return refused(`is of type ${key.asymmetricKeyType ?? "unknown"}; RSA2 needs an RSA key`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_RSA_BITS) return refused(`has ${bits} bits; RSA2 needs at least ${LEAST_RSA_BITS}`);
  return parsed(key);
}
