import type { KeyObject } from "node:crypto";
import { expect, it } from "vitest";
import { SettingsError } from "../../../shared/process/settings/settings-error.ts";
import { readCredentials } from "../../../workers/risk-detection/read-credentials.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";

const OURS = newKeyPair();
const ALIPAYS = newKeyPair();

const privateText = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const publicText = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

const TEXTS = { privateKey: privateText(OURS.privateKey), publicKey: publicText(ALIPAYS.publicKey) };

function problemsOf(texts: typeof TEXTS): readonly string[] {
  try {
    readCredentials(texts);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

it("gives both keys, parsed", () => {
  const keys = readCredentials(TEXTS);
  expect(keys?.privateKey.equals(OURS.privateKey)).toBe(true);
  expect(keys?.alipayPublicKey.equals(ALIPAYS.publicKey)).toBe(true);
});

it.each([
  {
    title: "no key at all",
    texts: { ...TEXTS, privateKey: "x".repeat(100) },
    problems: [/^ALIPAY_PRIVATE_KEY: is no key/],
  },
  {
    title: "both swapped: both are told",
    texts: { privateKey: TEXTS.publicKey, publicKey: TEXTS.privateKey },
    problems: [/^ALIPAY_PRIVATE_KEY: is a public key/, /^ALIPAY_PUBLIC_KEY: is a private key/],
  },
  {
    title: "the application's own public key instead of Alipay's",
    texts: { ...TEXTS, publicKey: publicText(OURS.publicKey) },
    problems: [/^ALIPAY_PUBLIC_KEY: belongs to ALIPAY_PRIVATE_KEY/],
  },
])("refuses $title", ({ texts, problems }) => {
  expect(problemsOf(texts)).toEqual(problems.map((problem): unknown => expect.stringMatching(problem)));
});

it("never shows a key", () => {
  const swapped = { privateKey: TEXTS.publicKey, publicKey: TEXTS.privateKey };
  const [, firstLine = ""] = TEXTS.privateKey.split("\n");
  expect(firstLine).toHaveLength(64);
  expect(problemsOf(swapped).join("\n")).not.toContain(firstLine);
});
