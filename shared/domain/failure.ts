/** The gateway's code of an answer that is a score. */
export const SUCCESS_CODE = "10000";

/**
 * Why a call brought no score, sorted by whose fault it is. `code` is the gateway's code and sub-code as
 * one text ("40005 isv.app-call-limited"), or an `OwnCode` where the gateway gave none.
 */
export type Failure =
  /** The gateway or the network failed; the same call may succeed later. */
  | { readonly kind: "retryable"; readonly code: string; readonly detail: string }
  /** The gateway refused because of too many calls. */
  | { readonly kind: "quota"; readonly code: string; readonly retryAfterMs: number | undefined }
  /** The application is punished: no replica may call. */
  | { readonly kind: "banned"; readonly code: string }
  /** Our credentials, contract or balance: no call with these credentials can succeed. */
  | { readonly kind: "permission"; readonly code: string; readonly detail: string }
  /** Our clock is off. `skewMs` is positive where ours is ahead; undefined where the answer did not tell. */
  | { readonly kind: "clock-skew"; readonly code: string; readonly skewMs: number | undefined }
  /** This transaction will never be accepted. */
  | { readonly kind: "permanent"; readonly code: string; readonly detail: string }
  /** A code that the table does not know: final for this transaction, suspicious when it repeats. */
  | { readonly kind: "unknown-code"; readonly code: string; readonly detail: string };

export type FailureKind = Failure["kind"];

const OWN_WORDS = [
  "timeout",
  "reset",
  "oversize",
  "unreadable",
  "unsigned-success",
  "wrong-signature",
] as const;
const HTTP_STATUS = /^http-\d{3}$/;

/** Stands for the code of an answer that has none of the gateway's. */
export type OwnCode = (typeof OWN_WORDS)[number] | `http-${number}`;

const OWN: ReadonlySet<string> = new Set(OWN_WORDS);

/** Whether a failure's code is the gateway's, and not one of ours. */
export const isGatewaysCode = (code: string): boolean => !OWN.has(code) && !HTTP_STATUS.test(code);
