import { createPublicKey, sign, verify } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openKeyFolder } from "../../../scripts/sandbox/key-folder.ts";
import { parsePrivateKey, parsePublicKey } from "../../../scripts/sandbox/key-texts.ts";
import { appKeys } from "./signed-call.ts";

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "riskline-keys-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("openKeyFolder", () => {
  it("makes two pairs that only their owner can read, and keeps them", async () => {
    const folder = await makeFolder();
    const first = await openKeyFolder(folder);
    const second = await openKeyFolder(folder);

    for (const name of ["app-private.pem", "app-public.pem", "gateway-private.pem", "gateway-public.pem"]) {
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    }
    expect(second.appPublicKey.equals(first.appPublicKey)).toBe(true);
    expect(second.gatewayPrivateKey.equals(first.gatewayPrivateKey)).toBe(true);
    expect(
      createPublicKey(await readFile(first.gatewayPublicKeyFile)).equals(
        createPublicKey(first.gatewayPrivateKey),
      ),
    ).toBe(true);
    const signature = sign("RSA-SHA256", Buffer.from("x"), await readFile(first.appPrivateKeyFile, "utf8"));
    expect(verify("RSA-SHA256", Buffer.from("x"), first.appPublicKey, signature)).toBe(true);
  });

  it("does not overwrite what is no key", async () => {
    const folder = await makeFolder();
    const file = join(folder, "app-private.pem");
    await writeFile(file, "mine");
    await chmod(file, 0o600);
    await expect(openKeyFolder(folder)).rejects.toThrow("app-private.pem is no private key");
    expect(await readFile(file, "utf8")).toBe("mine");
  });
});

describe("key texts", () => {
  const { publicKey, privateKey } = appKeys;
  const pem = (type: "pkcs1" | "pkcs8"): string => privateKey.export({ type, format: "pem" }).toString();
  const bare = (text: string): string => text.replaceAll(/-----[^-]+-----/g, "");

  it.each([
    ["PKCS#8 PEM", pem("pkcs8")],
    ["PKCS#1 PEM", pem("pkcs1")],
    ["PKCS#8 base64", bare(pem("pkcs8"))],
    ["PKCS#1 base64", bare(pem("pkcs1"))],
  ])("a private key is read from %s", (_form, text) => {
    expect(parsePrivateKey(text).equals(privateKey)).toBe(true);
  });

  it("a public key is read from PEM and base64, a private one refused", () => {
    const text = publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(parsePublicKey(text).equals(publicKey)).toBe(true);
    expect(parsePublicKey(bare(text)).equals(publicKey)).toBe(true);
    expect(() => parsePublicKey(pem("pkcs8"))).toThrow("private key");
  });
});
