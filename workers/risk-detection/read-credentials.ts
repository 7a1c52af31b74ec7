import { isOwnPublicKey, parseAlipayPublicKey, parsePrivateKey } from "../../shared/alipay/credentials.ts";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";

/** The keys that the settings hold as text. @throws SettingsError with every problem, never with a key */
export function readCredentials(
  appId: string,
  texts: { privateKey: string; publicKey: string },
): Credentials {
  const privateKey = parsePrivateKey(texts.privateKey);
  const alipayPublicKey = parseAlipayPublicKey(texts.publicKey);
  if (!privateKey.ok || !alipayPublicKey.ok) {
    throw new SettingsError([
      ...(privateKey.ok ? [] : [`ALIPAY_PRIVATE_KEY: ${privateKey.problem}`]),
      ...(alipayPublicKey.ok ? [] : [`ALIPAY_PUBLIC_KEY: ${alipayPublicKey.problem}`]),
    ]);
  }
  if (isOwnPublicKey(privateKey.value, alipayPublicKey.value)) {
    throw new SettingsError([
      "ALIPAY_PUBLIC_KEY: belongs to ALIPAY_PRIVATE_KEY; Alipay's own public key is needed, from its console",
    ]);
  }
  return { appId, privateKey: privateKey.value, alipayPublicKey: alipayPublicKey.value };
}
