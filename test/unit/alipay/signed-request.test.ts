import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, createVerify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createOfficialSdk } from "../../../shared/alipay/official-sdk.ts";
import { gatewayTimestamp, newAttempt, signedRequest } from "../../../shared/alipay/signed-request.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const transaction = sampleTransaction();
const golden = new URL("../../golden/alipay/", import.meta.url);
const privateKey = createPrivateKey(readFileSync(new URL("application-private-key.pem", golden)));
const publicKey = createPublicKey(readFileSync(new URL("application-public-key.pem", golden)));
const sdk = createOfficialSdk({ appId: "2021000000000001", privateKey, alipayPublicKey: publicKey });
const attempt = { nowMs: Date.parse("2026-11-23T00:00:00.999Z"), nonce: "00112233445566778899aabbccddeeff" };

/** The rule of Alipay's documents, by hand: all parameters but `sign`, sorted, raw values, joined. */
function isSigned(form: URLSearchParams): boolean {
  const text = [...form]
    .filter(([name]) => name !== "sign")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return createVerify("RSA-SHA256")
    .update(text, "utf8")
    .verify(publicKey, form.get("sign") ?? "", "base64");
}

describe("a signed request", () => {
  const form = new URLSearchParams(signedRequest(sdk, transaction, attempt));

  it("is byte for byte the golden one", async () => {
    const lines = signedRequest(sdk, transaction, attempt).replaceAll("&", "\n&");
    await expect(`${lines}\n`).toMatchFileSnapshot("../../golden/alipay/signed-request.txt");
  });

  it("has exactly the parameters of the contract", () => {
    const { biz_content, sign, ...rest } = Object.fromEntries(form);
    expect(rest).toEqual({
      app_id: "2021000000000001",
      method: "alipay.security.risk.detect",
      charset: "utf-8",
      version: "1.0",
      sign_type: "RSA2",
      timestamp: "2026-11-23 08:00:00",
      nonce: "00112233445566778899aabbccddeeff",
    });
    expect(JSON.parse(biz_content ?? "")).toEqual({
      transaction_id: "T202611230000001",
      amount: "128.50",
      currency: "CNY",
      merchant_category_code: "5411",
      device_fingerprint: "9f86d081884c7d659a2feaa0c55ad015",
      geolocation: { latitude: 31.2304, longitude: 121.4737 },
    });
    expect(sign).toMatch(/^[A-Za-z0-9+/]{342}==$/);
  });

  it("verifies by the documented rule, and no longer once a parameter is changed", () => {
    expect(isSigned(form)).toBe(true);
    const changed = new URLSearchParams(form);
    changed.set("nonce", "0");
    expect(isSigned(changed)).toBe(false);
  });

  it.each(["a&b=c d+e%20?/\\\"'", "指纹指纹指纹指纹指纹指纹指纹指纹🙂", "%26=+%2B%25"])(
    "carries a fingerprint of %s unharmed",
    (deviceFingerprint) => {
      const odd = new URLSearchParams(signedRequest(sdk, { ...transaction, deviceFingerprint }, attempt));
      expect(isSigned(odd)).toBe(true);
      expect(JSON.parse(odd.get("biz_content") ?? "")).toMatchObject({
        device_fingerprint: deviceFingerprint,
      });
    },
  );

  it("has a fresh nonce of 128 bits for each attempt", () => {
    const nonces = Array.from({ length: 1_000 }, () => newAttempt(0).nonce);
    expect(new Set(nonces).size).toBe(1_000);
    expect(nonces.every((nonce) => /^[0-9a-f]{32}$/.test(nonce))).toBe(true);
  });
});

describe("the time stamp", () => {
  it.each([
    ["2026-12-31T16:00:00.000Z", "2027-01-01 00:00:00"],
    ["2026-11-23T15:59:59.999Z", "2026-11-23 23:59:59"],
    ["2028-02-28T16:00:00.000Z", "2028-02-29 00:00:00"],
  ])("of %s is %s", (instant, expected) => {
    expect(gatewayTimestamp(Date.parse(instant))).toBe(expected);
  });

  it.each(["UTC", "Asia/Shanghai", "America/New_York"])("and the signature do not depend on TZ=%s", (TZ) => {
    const request = execFileSync(process.execPath, ["--input-type=module", "--eval", SIGN_IN_CHILD], {
      encoding: "utf8",
      env: { ...process.env, TZ },
      cwd: new URL("../../..", import.meta.url),
    });
    const [zone, ...lines] = request.trim().split("\n");
    expect(zone).toBe(TZ);
    expect(`${lines.join("\n")}\n`).toBe(readFileSync(new URL("signed-request.txt", golden), "utf8"));
  });
});

const SIGN_IN_CHILD = `
  import { createPrivateKey, createPublicKey } from "node:crypto";
  import { readFileSync } from "node:fs";
  import { createOfficialSdk } from "./shared/alipay/official-sdk.ts";
  import { signedRequest } from "./shared/alipay/signed-request.ts";
  const privateKey = createPrivateKey(readFileSync("test/golden/alipay/application-private-key.pem"));
  const sdk = createOfficialSdk({
    appId: "2021000000000001", privateKey, alipayPublicKey: createPublicKey(privateKey),
  });
  console.log(Intl.DateTimeFormat().resolvedOptions().timeZone);
  console.log(signedRequest(sdk, ${JSON.stringify(transaction)}, ${JSON.stringify(attempt)}).replaceAll("&", "\\n&"));
`;
