import type { Failure } from "../domain/failure.ts";
import { canonicalCode, gatewayCodeOf } from "./gateway-codes.ts";

/** An answer of the gateway that brings no score. */
export interface Refusal {
  readonly code: string;
  readonly subCode: string | undefined;
  /** A wrong signature means that somebody changed or mangled the answer. */
  readonly signature: "valid" | "absent" | "wrong";
}

/** What else the answer told. */
export interface Circumstances {
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  /** Our clock minus the answer's `Date`; undefined where there was none. */
  readonly skewMs: number | undefined;
  /**
   * Codes and sub-codes that the configuration counts as a ban besides the table's, as `canonicalCode` spells
   * them.
   */
  readonly banCodes: ReadonlySet<string>;
}

/** Clocks that differ by less are no reason to refuse: the gateway allows five minutes. */
const CONFIRMED_SKEW_MS = 60_000;
const LONGEST_CODE = 64;

/** Whose fault a refusal is. Total: what the table does not know is an "unknown-code". */
export function classifyRefusal(refusal: Refusal, circumstances: Circumstances): Failure {
  const failure = classifyCodes(refusal, circumstances);
  // What calls for caution is heeded from anybody, but a mangled answer must not end a transaction for good.
  const isFinal = failure.kind === "permanent" || failure.kind === "unknown-code";
  return isFinal && refusal.signature === "wrong"
    ? { kind: "retryable", code: failure.code, detail: "an error answer with a wrong signature" }
    : failure;
}

function classifyCodes({ code, subCode }: Refusal, circumstances: Circumstances): Failure {
  const spoken = [code, subCode]
    .filter((text) => text !== undefined && text !== "")
    .map(printable)
    .join(" ");
  if (isBanCode(code, circumstances) || isBanCode(subCode, circumstances))
    return { kind: "banned", code: spoken };

  const row = (subCode === undefined ? undefined : gatewayCodeOf(subCode)) ?? gatewayCodeOf(code);
  if (row === undefined)
    return { kind: "unknown-code", code: spoken, detail: "a code that Riskline does not know" };
  switch (row.kind) {
    case "quota":
      return { kind: row.kind, code: spoken, retryAfterMs: circumstances.retryAfterMs };
    case "banned":
      return { kind: row.kind, code: spoken };
    case "clock-skew":
      return classifyTimestamp(spoken, circumstances.skewMs);
    case "retryable":
    case "permission":
    case "permanent":
      return { kind: row.kind, code: spoken, detail: row.meaning };
  }
}

/**
 * A refused time stamp while the gateway's own clock agrees with ours is not a matter of this replica's
 * clock: something all replicas share is wrong (a proxy, the wrong gateway, a format), so all of them hold.
 */
function classifyTimestamp(code: string, skewMs: number | undefined): Failure {
  return skewMs === undefined || Math.abs(skewMs) > CONFIRMED_SKEW_MS
    ? { kind: "clock-skew", code, skewMs }
    : {
        kind: "permission",
        code,
        detail: "time stamp refused although the gateway's clock agrees with ours",
      };
}

const isBanCode = (code: string | undefined, { banCodes }: Circumstances): boolean =>
  code !== undefined && banCodes.has(canonicalCode(code));

/** Codes go into headers, logs and metrics: nothing else may travel in them. */
const printable = (code: string | undefined): string =>
  (code ?? "").slice(0, LONGEST_CODE).replaceAll(/[^\w.-]/g, "?");
