import type { Failure } from "../domain/failure.ts";

/** One row of the table: whose fault a code is, what it means, and who says so. */
export interface GatewayCode {
  readonly kind: Exclude<Failure["kind"], "unknown-code">;
  /** Becomes the failure's detail: our own words, because the gateway's texts may echo personal data. */
  readonly meaning: string;
  readonly source: string;
}

const OFFICIAL = "opendocs common/02km9f: common error codes";
const SDK_ENUM = "alipay-sdk-php-all v3 CommonErrorType";
const SEEN = "seen live";

/**
 * What the gateway's codes mean. Keys are spelt as `canonicalCode` spells them; a sub-code's row decides
 * before its code's row does, so the numbers at the end say what holds for every sub-code that is not listed.
 */
export const GATEWAY_CODES: ReadonlyMap<string, GatewayCode> = new Map<string, GatewayCode>([
  ["unknow-error", { kind: "retryable", meaning: "the gateway failed, outcome unknown", source: OFFICIAL }],
  ["unknown-error", { kind: "retryable", meaning: "the gateway failed, outcome unknown", source: SDK_ENUM }],
  [
    "system-error",
    { kind: "retryable", meaning: "the risk service failed, outcome unknown", source: OFFICIAL },
  ],
  ["invalid-encrypt", { kind: "retryable", meaning: "the gateway could not decrypt", source: OFFICIAL }],
  [
    "decryption-error-unknown",
    { kind: "retryable", meaning: "the gateway could not decrypt", source: OFFICIAL },
  ],
  [
    "access-data-time-out",
    { kind: "retryable", meaning: "the gateway's data access timed out", source: SDK_ENUM },
  ],

  ["app-call-limited", { kind: "quota", meaning: "too many calls by this application", source: OFFICIAL }],
  ["method-call-limited", { kind: "quota", meaning: "too many calls of this method", source: OFFICIAL }],
  [
    "app-auth-invoke-limit",
    { kind: "quota", meaning: "too many calls by this authorisation", source: SDK_ENUM },
  ],

  ["app-api-punished", { kind: "banned", meaning: "the application is punished", source: SEEN }],

  ["no-permission", { kind: "permission", meaning: "the application may not use this method", source: SEEN }],
  [
    "invalid-signature",
    { kind: "permission", meaning: "wrong key, or wrong gateway for this app id", source: OFFICIAL },
  ],
  [
    "invalid-app-id",
    { kind: "permission", meaning: "the gateway does not know the app id", source: OFFICIAL },
  ],
  [
    "missing-signature-config",
    { kind: "permission", meaning: "no public key uploaded for the app", source: OFFICIAL },
  ],
  ["ip-forbidden", { kind: "permission", meaning: "our address is not allowed", source: OFFICIAL }],
  ["illegal-client-ip", { kind: "permission", meaning: "our address is not allowed", source: SDK_ENUM }],
  [
    "exceed-api-balance",
    { kind: "permission", meaning: "the balance for this method is used up", source: SDK_ENUM },
  ],
  [
    "app-key-security-risk",
    { kind: "permission", meaning: "the key is held to be compromised", source: SDK_ENUM },
  ],

  ["invalid-timestamp", { kind: "clock-skew", meaning: "time stamp refused", source: OFFICIAL }],
  ["illegal-timestamp", { kind: "clock-skew", meaning: "time stamp refused", source: SDK_ENUM }],

  ["invalid-parameter", { kind: "permanent", meaning: "a parameter is not acceptable", source: OFFICIAL }],
  ["illegal-json", { kind: "permanent", meaning: "biz_content is not acceptable as JSON", source: OFFICIAL }],
  [
    "suspected-attack",
    { kind: "permanent", meaning: "a value holds a word the gateway forbids", source: OFFICIAL },
  ],

  ["20000", { kind: "retryable", meaning: "the gateway is unavailable, outcome unknown", source: OFFICIAL }],
  ["20001", { kind: "permission", meaning: "the authorisation is not valid", source: OFFICIAL }],
  ["40001", { kind: "permission", meaning: "a required parameter is missing", source: OFFICIAL }],
  ["40002", { kind: "permission", meaning: "a system parameter is not valid", source: OFFICIAL }],
  ["40003", { kind: "permission", meaning: "the application's set-up is incomplete", source: OFFICIAL }],
  ["40004", { kind: "permanent", meaning: "the risk service refused the transaction", source: OFFICIAL }],
  ["40005", { kind: "quota", meaning: "too many calls", source: OFFICIAL }],
  ["40006", { kind: "permission", meaning: "the application lacks a permission", source: OFFICIAL }],
]);

/**
 * `aop.ACQ.SYSTEM_ERROR`, `isv.system-error` and `System_Error` are one code; AQC is Alipay's own misprint.
 */
export function canonicalCode(code: string): string {
  return code
    .trim()
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^(?:(?:isv|isp|aop|acq|aqc)[.-])+/, "");
}

/** The row that holds for a code or sub-code, however it is spelt. */
export function gatewayCodeOf(code: string): GatewayCode | undefined {
  const canonical = canonicalCode(code);
  // Each product puts a prefix of its own before SYSTEM_ERROR.
  return GATEWAY_CODES.get(canonical.endsWith("system-error") ? "system-error" : canonical);
}
