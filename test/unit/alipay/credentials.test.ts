import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isOwnPublicKey, parseAlipayPublicKey, parsePrivateKey } from "../../../shared/alipay/credentials.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";

const { privateKey, publicKey } = newKeyPair();
const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });

const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "spki" | "sec1") =>
  key.export({ type, format: "pem" }).toString();
const bare = (text: string) => text.replaceAll(/-----[^-]+-----|\s/g, "");

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIDATCCAemgAwIBAgIUZGUTI601K3ABMb/nXWJfzRgKJLwwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMwMzE3MzhaGA8yMTI2MTAzMDAz
MTczOFowDzENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC
AQoCggEBAMtKltDzm/MpLHOf/A0VBARMMzm6XP6OnbKcT0yK0oaKMpmuhThLbfw+
K7FxawdYF/zX+afkyWGz03oMFTVs3IORHWiKpsOMXuFp3dK0uQPzdz+PwLi5MwAl
qAJqoAN7hjxY4LbIRDmHZW4cfAgItTinXXKXMqrK4zs9exztRh/+13EJ257zTl8Z
SkvYpsJSNl3st7wFRQ4oonzRsztNcFJxfr18WVd0QjBnuSI3u6kFQk0YMDst0tzP
2qoKv8Wp7yqxYkCskbyH5pycgOxs+G7HKE/QDuCfE9sHxtyewONPLBbq5ApxYbFN
xIlKygO7LkQeQMXExZYtyEcBsPDLBGcCAwEAAaNTMFEwHQYDVR0OBBYEFFQPCoRs
+ddGpGwdX5SjZDIqL21OMB8GA1UdIwQYMBaAFFQPCoRs+ddGpGwdX5SjZDIqL21O
MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBABSIuSQALh8xRoR/
PfQJs6S8Ayd9SUXRPJJRF0ftK6yABWWmFpEW/BRncuNJSPKKO5a1Us4vzNWaPHkm
lcHPTgFnIs7kk9QansNJbxmRIfHoBcRwHINU2ZA2sAnlN366B2D8Fw6OhHVDtgYB
DOPMj56PxWZARcIczWZmXjEcXrMNAlRegwoAoTIiaWgXtFU58QyFqKkGdLjkZjPt
YyyNdtHG+uCp/Vsp3kZhu5gdkgbKdA6F+V6f4gdpAAe1/BLgg1xLbhUrFd7Ae6gn
HZCr/t15bEnI9XxkGJXzlq6MItQ2RyEE6k1R4h8Ut/jaym6Wke0gxLKw8NPiti3q
V76mxMs=
-----END CERTIFICATE-----`;

const encrypted = privateKey
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
  .toString();

/** Spellings in which people hand over one key. */
const spellings = (text: string): [string, string][] => [
  ["PEM", text],
  ["PEM with CRLF and blanks around", `\r\n  ${text.replaceAll("\n", "\r\n")}  \n`],
  ["PEM with literal \\n, as in env files", text.replaceAll("\n", "\\n")],
  ["PEM with literal \\r\\n, in quotes", `"${text.replaceAll("\n", "\\r\\n")}"`],
  ["PEM on one line", text.replaceAll("\n", " ")],
  ["bare base64", bare(text)],
  ["bare base64 in lines", text.replaceAll(/-----[^-]+-----/g, "")],
];

describe("a private key", () => {
  it.each([...spellings(pem(privateKey, "pkcs8")), ...spellings(pem(privateKey, "pkcs1"))])(
    "as %s",
    (_, text) => {
      const key = parsePrivateKey(text);
      expect(key.ok && key.value.equals(privateKey)).toBe(true);
    },
  );

  it.each([
    ["a public key", pem(publicKey, "spki"), /public key.*swapped/],
    ["a public key in PKCS#1", pem(publicKey, "pkcs1"), /public key.*swapped/],
    ["a certificate", CERTIFICATE, /certificate/],
    ["an encrypted key", encrypted, /passphrase/],
    ["a short key", pem(short.privateKey, "pkcs8"), /1024 bits.*2048/],
    ["an EC key", pem(elliptic.privateKey, "pkcs8"), /type ec/],
    ["an EC key in SEC1", pem(elliptic.privateKey, "sec1"), /type ec/],
    ["half a key", pem(privateKey, "pkcs8").slice(0, 900), /no key/],
    ["a path", "/run/secrets/key.pem", /no key/],
    ["blanks", " \n ", /empty/],
    ["nothing", "", /empty/],
  ])("refuses %s", (_, text, problem) => {
    const key = parsePrivateKey(text);
    expect(key).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });
});

describe("Alipay's public key", () => {
  it.each([...spellings(pem(publicKey, "spki")), ...spellings(pem(publicKey, "pkcs1"))])(
    "as %s",
    (_, text) => {
      const key = parseAlipayPublicKey(text);
      expect(key.ok && key.value.equals(publicKey)).toBe(true);
    },
  );

  it.each([
    ["a private key", pem(privateKey, "pkcs8"), /private key.*swapped/],
    ["an encrypted private key", encrypted, /private key/],
    ["a certificate", CERTIFICATE, /certificate mode is not supported/],
    ["a short key", pem(short.publicKey, "spki"), /1024 bits/],
    ["an EC key", pem(elliptic.publicKey, "spki"), /type ec/],
    ["garbage", "%%%", /no key/],
    ["nothing", "", /empty/],
  ])("refuses %s", (_, text, problem) => {
    const key = parseAlipayPublicKey(text);
    expect(key).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  it("is told apart from the application's own public key", () => {
    expect(isOwnPublicKey(privateKey, publicKey)).toBe(true);
    expect(isOwnPublicKey(privateKey, newKeyPair().publicKey)).toBe(false);
  });
});
