import { verify, type KeyObject } from "node:crypto";
import type { Parameters } from "./decode-form.ts";
import { invalid, invalidSignature, missing, type Refusal } from "./refusal.ts";

/** The one method this gateway knows. */
export const DETECT_METHOD = "alipay.security.risk.detect";

/** Whose calls are accepted. */
export interface Application {
  readonly appId: string;
  readonly publicKey: KeyObject;
}

/** The parameters that matter once the signature is found right; all present and not empty. */
export interface SignedRequest {
  readonly timestamp: string;
  readonly nonce: string;
  readonly bizContent: string;
}

/** A request that is signed as it should be, or what the gateway answers instead. */
export type Verified =
  { readonly ok: true; readonly request: SignedRequest } | { readonly ok: false; readonly refusal: Refusal };

/** In the order in which they are missed. */
const REQUIRED: readonly (readonly [name: string, subCode: string])[] = [
  ["method", "isv.missing-method"],
  ["sign", "isv.missing-signature"],
  ["sign_type", "isv.missing-signature-type"],
  ["app_id", "isv.missing-app-id"],
  ["timestamp", "isv.missing-timestamp"],
  ["version", "isv.missing-version"],
  ["charset", "isv.missing-charset"],
  ["nonce", "isv.missing-nonce"],
  ["biz_content", "isv.missing-biz-content"],
];

/** Values that are accepted; only `format` may be left out. */
const ACCEPTED: readonly (readonly [name: string, subCode: string, values: readonly string[]])[] = [
  ["sign_type", "isv.invalid-signature-type", ["RSA2"]],
  ["charset", "isv.invalid-charset", ["utf-8", "UTF-8"]],
  ["version", "isv.invalid-version", ["1.0"]],
  ["format", "isv.invalid-format", ["JSON", "json"]],
  ["method", "isv.invalid-method", [DETECT_METHOD]],
];

/** Checks who calls and what: parameters that must be there, their fixed values, the signature over all of them. */
export function verifyRequest(parameters: Parameters, application: Application): Verified {
  const refusal =
    findMissing(parameters) ??
    findUnexpected(parameters, application.appId) ??
    findForgery(parameters, application.publicKey);
  if (refusal !== undefined) return { ok: false, refusal };
  return {
    ok: true,
    request: {
      timestamp: parameters.get("timestamp") ?? "",
      nonce: parameters.get("nonce") ?? "",
      bizContent: parameters.get("biz_content") ?? "",
    },
  };
}

/** The text that is signed: all parameters but `sign`, sorted by name, with their raw values. */
function signedTextOf(parameters: Parameters): string {
  return [...parameters.keys()]
    .filter((name) => name !== "sign")
    .toSorted()
    .map((name) => `${name}=${parameters.get(name)}`)
    .join("&");
}

function findMissing(parameters: Parameters): Refusal | undefined {
  const found = REQUIRED.find(([name]) => (parameters.get(name) ?? "") === "");
  return found && missing(...found);
}

/** The application is looked up before the signature, as at the real gateway: a wrong app id hides a wrong key. */
function findUnexpected(parameters: Parameters, appId: string): Refusal | undefined {
  if (parameters.get("app_id") !== appId)
    return invalid("isv.invalid-app-id", "there is no such application");
  const found = ACCEPTED.find(([name, , values]) => {
    const value = parameters.get(name);
    return value !== undefined && !values.includes(value);
  });
  return found && invalid(found[1], `the parameter ${found[0]} has a value that is not supported`);
}

function findForgery(parameters: Parameters, publicKey: KeyObject): Refusal | undefined {
  const signedText = signedTextOf(parameters);
  const sign = parameters.get("sign") ?? "";
  // An empty parameter must be left out: a caller that signs empties and one that does not would both be right.
  const isComplete = ![...parameters.values()].includes("") && /^[A-Za-z0-9+/]+={0,2}$/.test(sign);
  const isGenuine =
    isComplete && verify("RSA-SHA256", Buffer.from(signedText), publicKey, Buffer.from(sign, "base64"));
  return isGenuine ? undefined : invalidSignature(signedText);
}
