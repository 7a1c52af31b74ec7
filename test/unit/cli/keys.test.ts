import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAlipayPublicKey, parsePrivateKey } from "../../../shared/alipay/credentials.ts";
import { folderOf } from "./folder.ts";
import { riskline } from "./riskline-process.ts";

describe("riskline keys", () => {
  it("makes a pair that belongs together, the private half for its owner only", async () => {
    const folder = join(folderOf(), "new");
    const { status, stdout, stderr } = await riskline(["keys", "--out", folder]);
    expect(status).toBe(0);
    const [privatePem, publicPem] = ["app-private.pem", "app-public.pem"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    expect(privatePem).toMatch(/^-----BEGIN PRIVATE KEY-----/); // PKCS#8
    expect(parsePrivateKey(privatePem ?? "").ok).toBe(true);
    expect(parseAlipayPublicKey(stdout).ok).toBe(true);
    const publicOfPrivate = createPublicKey(createPrivateKey(privatePem ?? ""));
    expect(publicOfPrivate.equals(createPublicKey(publicPem ?? ""))).toBe(true);
    expect(publicOfPrivate.export({ type: "spki", format: "der" }).toString("base64")).toBe(stdout.trimEnd());
    expect(statSync(join(folder, "app-private.pem")).mode & 0o777).toBe(0o600);
    expect(stderr).toContain(`ALIPAY_PRIVATE_KEY_FILE=${join(folder, "app-private.pem")}`);
  });

  it("makes longer ones, and says in JSON what it made", async () => {
    const folder = folderOf();
    const { stdout, stderr } = await riskline(["keys", "--out", folder, "--bits", "3072", "--json"]);
    const { privateKeyFile }: { privateKeyFile: string } = JSON.parse(stdout);
    expect(createPrivateKey(readFileSync(privateKeyFile)).asymmetricKeyDetails?.modulusLength).toBe(3_072);
    expect(stderr).toBe("");
  });

  it.each([
    { out: "mine", said: '--out: "PLACE/mine" exists and is no folder' },
    { out: "mine/keys", said: '--out: "PLACE/mine/keys" cannot be made: "PLACE/mine" is no folder' },
    { out: "new/keys", said: '--out: "PLACE/new/keys" cannot be made: "PLACE/new" is no folder' },
  ])("says why there can be no folder $out", async ({ out, said }) => {
    const place = folderOf({ mine: "mine" });
    const { status, stdout, stderr } = await riskline(["keys", "--out", join(place, out)]);
    expect(stderr).toBe(`riskline: ${said.replaceAll("PLACE", place)}\n`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });

  // There, mkdir says ENOENT of a folder whose parent exists; Node.js' recursive mkdir tries that for ever.
  it.runIf(existsSync("/proc/self"))("ends where a folder takes no folders", async () => {
    const { status, stderr } = await riskline(["keys", "--out", "/proc/riskline"]);
    expect(stderr).toMatch(/^riskline: --out: "\/proc\/riskline" cannot be made \(E[A-Z]+\)\n$/);
    expect(status).toBe(1);
  });

  it.each(["app-private.pem", "app-public.pem"])("does not replace %s", async (name) => {
    const folder = folderOf({ [name]: "mine" });
    const { status, stderr } = await riskline(["keys", "--out", folder]);
    expect(status).toBe(1);
    expect(stderr).toContain(`${join(folder, name)} exists and is not replaced`);
    expect(readFileSync(join(folder, name), "utf8")).toBe("mine");
    const other = name === "app-private.pem" ? "app-public.pem" : "app-private.pem";
    expect(existsSync(join(folder, other))).toBe(false);
  });
});
