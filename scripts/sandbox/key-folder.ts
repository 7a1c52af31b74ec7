import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parsePrivateKey } from "./key-texts.ts";

/** Both sides' keys: two for the gateway, two files for the worker. */
export interface SandboxKeys {
  readonly appPublicKey: KeyObject;
  readonly gatewayPrivateKey: KeyObject;
  /** For `ALIPAY_PRIVATE_KEY_FILE`. */
  readonly appPrivateKeyFile: string;
  /** For `ALIPAY_PUBLIC_KEY_FILE`. */
  readonly gatewayPublicKeyFile: string;
}

/** Makes the key pairs of application and gateway in a folder that exists; pairs that are there already are kept. */
export async function openKeyFolder(folder: string): Promise<SandboxKeys> {
  const app = await openKeyPair(folder, "app");
  const gateway = await openKeyPair(folder, "gateway");
  return {
    appPublicKey: app.publicKey,
    gatewayPrivateKey: gateway.privateKey,
    appPrivateKeyFile: app.privateKeyFile,
    gatewayPublicKeyFile: gateway.publicKeyFile,
  };
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly publicKeyFile: string;
  readonly privateKeyFile: string;
}

/** The private key decides; the public one is written from it each time, so that the two always match. */
async function openKeyPair(folder: string, owner: string): Promise<KeyPair> {
  const privateKeyFile = join(folder, `${owner}-private.pem`);
  const publicKeyFile = join(folder, `${owner}-public.pem`);
  const privateKey = (await readPrivateKey(privateKeyFile)) ?? (await makePrivateKey(privateKeyFile));
  const publicKey = createPublicKey(privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o600 });
  return { publicKey, privateKey, publicKeyFile, privateKeyFile };
}

async function readPrivateKey(file: string): Promise<KeyObject | undefined> {
  try {
    return parsePrivateKey(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${file} is no private key`, { cause: error });
  }
}

async function makePrivateKey(file: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2_048 });
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  return privateKey;
}
