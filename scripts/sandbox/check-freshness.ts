import { parseGatewayTime } from "./gateway-time.ts";
import type { NonceMemory } from "./nonce-memory.ts";
import { invalid, type Refusal } from "./refusal.ts";
import type { SignedRequest } from "./verify-request.ts";

/** What the time stamp and the nonce of a well-signed call say. */
export interface Freshness {
  /** Positive where the caller's clock is ahead; undefined where the time stamp is no time. */
  readonly skewMs: number | undefined;
  readonly isNonceReused: boolean;
  readonly refusal: Refusal | undefined;
}

/** The gateway's time and what it tolerates. */
export interface FreshnessRules {
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly toleranceMs: number;
  readonly nonces: NonceMemory;
}

const NONCE = /^[\x21-\x7e]{8,64}$/;

/** Judges time stamp and nonce. The nonce is used up even if the call is refused for another reason. */
export function checkFreshness({ timestamp, nonce }: SignedRequest, rules: FreshnessRules): Freshness {
  const timestampMs = parseGatewayTime(timestamp);
  const skewMs = timestampMs === undefined ? undefined : timestampMs - rules.wallMs;
  const isWellFormed = NONCE.test(nonce);
  const isNonceReused = isWellFormed && !rules.nonces.isFresh(nonce, rules.monotonicMs);
  const refusal = refuseTimestamp(skewMs, rules.toleranceMs) ?? (isWellFormed ? undefined : MALFORMED_NONCE);
  return { skewMs, isNonceReused, refusal: refusal ?? (isNonceReused ? REUSED_NONCE : undefined) };
}

const MALFORMED_NONCE = invalid("isv.invalid-nonce", "nonce: 8 to 64 printable ASCII characters");
const REUSED_NONCE = invalid("isv.invalid-nonce", "the nonce was used before");

function refuseTimestamp(skewMs: number | undefined, toleranceMs: number): Refusal | undefined {
  if (skewMs === undefined) {
    return invalid("isv.invalid-timestamp", "timestamp: yyyy-MM-dd HH:mm:ss in GMT+8, a time that exists");
  }
  if (Math.abs(skewMs) <= toleranceMs) return undefined;
  return invalid("isv.invalid-timestamp", `the timestamp is more than ${toleranceMs / 1_000} s off`);
}
