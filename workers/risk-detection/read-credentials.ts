import { isOwnPublicKey, parseAlipayPublicKey, parsePrivateKey } from "../../shared/alipay/credentials.ts";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import type { Parsed } from "../../shared/domain/parsed.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";

/** The keys as the settings hold them; undefined where a setting has no text that could be a key. */
interface KeyTexts {
  readonly privateKey: string | undefined;
  readonly publicKey: string | undefined;
}

/** The keys, or undefined where one has no text. @throws SettingsError with every problem, never with a key */
export function readCredentials(texts: KeyTexts): Omit<Credentials, "appId"> | undefined {
  const privateKey = texts.privateKey === undefined ? undefined : parsePrivateKey(texts.privateKey);
  const publicKey = texts.publicKey === undefined ? undefined : parseAlipayPublicKey(texts.publicKey);
  const problems = [
    ...problemsOf("ALIPAY_PRIVATE_KEY", privateKey),
    ...problemsOf("ALIPAY_PUBLIC_KEY", publicKey),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  if (privateKey?.ok !== true || publicKey?.ok !== true) return undefined;
  if (isOwnPublicKey(privateKey.value, publicKey.value)) {
    throw new SettingsError([
      "ALIPAY_PUBLIC_KEY: belongs to ALIPAY_PRIVATE_KEY; Alipay's own public key is needed, from its console",
    ]);
  }
  return { privateKey: privateKey.value, alipayPublicKey: publicKey.value };
}

const problemsOf = (variable: string, key: Parsed<unknown> | undefined): string[] =>
  key === undefined || key.ok ? [] : [`${variable}: ${key.problem}`];
