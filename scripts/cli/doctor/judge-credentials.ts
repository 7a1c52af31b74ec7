import { LEAST_RSA_BITS } from "../../../shared/alipay/credentials.ts";
import type { CredentialFacts, KeyFacts } from "../../../shared/alipay/inspect-keys.ts";
import {
  judgeAll,
  notChecked,
  ok,
  problem,
  warning,
  type Check,
  type Finding,
  type Verdict,
} from "./finding.ts";

/** What the checks of credentials look at. */
export interface CredentialView {
  readonly facts: CredentialFacts;
  /** Undefined where the settings do not tell. */
  readonly application: { readonly appId: string; readonly gatewayUrl: string } | undefined;
}

const CHECKS: readonly Check<CredentialView>[] = [
  { id: "credentials-app-id", judge: ({ application }) => judgeAppId(application) },
  { id: "credentials-private-key", judge: ({ facts }) => judgeKey(facts.privateKey, PRIVATE) },
  { id: "credentials-public-key", judge: ({ facts }) => judgeKey(facts.publicKey, PUBLIC) },
  { id: "credentials-own-public-key", judge: ({ facts }) => judgeOwnKey(facts.isOwnPublicKey) },
  { id: "credentials-signature", judge: ({ facts }) => judgeSignature(facts.isSignatureGood) },
];

/** Facts about the credentials to findings. */
export const judgeCredentials = (view: CredentialView): Finding[] => judgeAll("credentials", CHECKS, view);

function judgeAppId(application: CredentialView["application"]): Verdict {
  if (application === undefined) return notChecked("the settings do not tell it");
  const { appId, gatewayUrl } = application;
  const cure =
    "take it from the console at https://open.alipay.com: 16 digits, shown beside the application's name";
  if (!/(?:^|\.)alipay(?:dev)?\.com$/.test(new URL(gatewayUrl).hostname))
    return ok(`${appId}, at a gateway of its own`);
  if (/^2088\d{12}$/.test(appId))
    return problem(`ALIPAY_APP_ID ${appId} is a partner's or user's id, not an application's`, cure);
  if (!/^\d{16}$/.test(appId))
    return warning(`ALIPAY_APP_ID ${appId} does not look like Alipay's: 16 digits`, cure);
  return ok(appId);
}

type What = KeyFacts["what"];

interface WantedKey {
  readonly variable: string;
  readonly wanted: What;
  readonly whose: string;
  /** What is there instead, and what to do. */
  readonly instead: Readonly<Partial<Record<What, readonly [found: string, cure: string]>>>;
  readonly source: string;
}

const SWAP = "swap ALIPAY_PRIVATE_KEY and ALIPAY_PUBLIC_KEY, if they are swapped";

const PRIVATE: WantedKey = {
  variable: "ALIPAY_PRIVATE_KEY",
  wanted: "private key",
  whose: "the application's",
  source:
    "give the private key that belongs to the public one in Alipay's console: PEM or bare base64, PKCS#1 or PKCS#8",
  instead: {
    "public key": ["is a public key", `${SWAP}; the application's private key belongs there`],
    certificate: ["is a certificate", "give the private key instead; riskline keys makes a pair"],
    "encrypted private key": [
      "is protected by a passphrase",
      "give it without: openssl pkey -in KEY -out PLAIN",
    ],
  },
};

const PUBLIC: WantedKey = {
  variable: "ALIPAY_PUBLIC_KEY",
  wanted: "public key",
  whose: "Alipay's",
  source: "copy Alipay's public key (支付宝公钥) from the console, whole",
  instead: {
    "private key": ["is a private key", `${SWAP}; Alipay's public key belongs there`],
    "encrypted private key": ["is a private key", `${SWAP}; Alipay's public key belongs there`],
    certificate: [
      "is a certificate",
      "choose the mode key (密钥) in the console, and give Alipay's public key",
    ],
  },
};

function judgeKey(
  key: KeyFacts | undefined,
  { variable, wanted, whose, instead, source }: WantedKey,
): Verdict {
  if (key === undefined) return notChecked(`${variable} cannot be read (see settings)`);
  if (key.what !== wanted) {
    const [found, cure] = instead[key.what] ?? ["is no key", source];
    if (key.isCutShort) {
      return problem(
        `${variable} is cut short: it begins and does not end`,
        `copy all of it, from BEGIN to END; ${source}`,
      );
    }
    return problem(`${variable} ${found}`, cure);
  }
  if (key.type !== "rsa") {
    return problem(
      `${variable} is of type ${key.type ?? "unknown"}; RSA2 needs RSA`,
      "riskline keys makes a pair",
    );
  }
  const bits = key.bits ?? 0;
  if (bits < LEAST_RSA_BITS) {
    return problem(
      `${variable} has ${bits} bits; RSA2 needs at least ${LEAST_RSA_BITS}`,
      "riskline keys makes a pair that is long enough; then upload its public key",
    );
  }
  return ok(`${whose}, RSA, ${bits} bits`);
}

function judgeOwnKey(isOwn: boolean | undefined): Verdict {
  if (isOwn === undefined) return notChecked("it needs both keys");
  if (!isOwn) return ok("the public key is another than the application's own");
  return problem(
    "ALIPAY_PUBLIC_KEY belongs to ALIPAY_PRIVATE_KEY: it is the application's own, so no answer could be believed",
    "copy Alipay's public key (支付宝公钥) from the console instead; it is shown beside yours",
  );
}

function judgeSignature(isGood: boolean | undefined): Verdict {
  if (isGood === undefined) return notChecked("it needs an RSA private key");
  if (isGood) return ok("made and verified (that Alipay has the public key, only a call can tell)");
  return problem(
    "a signature was made that its own public key does not verify",
    "riskline keys makes a pair; then upload its public key",
  );
}
