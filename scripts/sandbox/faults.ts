import type { Answer, Spoiling } from "./answer.ts";
import { CALL_LIMITED, invalid, invalidSignature, PUNISHED, type Refusal } from "./refusal.ts";

/** What happens to a call that deserved an answer: another answer instead of its own, or its own one spoiled. */
export type Fault =
  Exclude<Answer, { kind: "detected" }> | { readonly kind: "spoiled"; readonly spoiling: Spoiling };

const html = (title: string): string =>
  `<html><head><title>${title}</title></head><body>${title}</body></html>\n`;

const refused = (refusal: Refusal): Extract<Answer, { kind: "refused" }> => ({
  kind: "refused",
  refusal,
  envelope: "signed",
});

const spoiled = (spoiling: Spoiling): Extract<Fault, { kind: "spoiled" }> => ({ kind: "spoiled", spoiling });

/** The faults that scenarios and test scripts are made of, by name. */
export const FAULTS = {
  // the network and what stands in front of the gateway
  reset: { kind: "reset" },
  silence: { kind: "silence" },
  "http-502": { kind: "http", status: 502, body: html("502 Bad Gateway") },
  "http-503": { kind: "http", status: 503, body: html("503 Service Unavailable"), retryAfterSeconds: 2 },
  "http-429": { kind: "http", status: 429, body: html("429 Too Many Requests"), retryAfterSeconds: 2 },
  html: { kind: "http", status: 200, body: html("系统维护中") },
  "not-json": { kind: "http", status: 200, body: '{"alipay_security_risk_detect_response":{"code":"100' },
  "empty-body": { kind: "http", status: 200, body: "" },
  // the gateway
  "unknow-error": refused({ code: "20000", subCode: "isp.unknow-error", subMsg: "系统繁忙" }),
  "bare-unknow-error": {
    kind: "refused",
    refusal: { code: "20000", subCode: "aop.unknow-error", subMsg: "系统繁忙" },
    envelope: "error_response",
  },
  "system-error": refused({ code: "40004", subCode: "ACQ.SYSTEM_ERROR", subMsg: "outcome unknown" }),
  "invalid-parameter": refused({ code: "40004", subCode: "INVALID_PARAMETER", subMsg: "参数有误" }),
  "no-permission": refused({ code: "40004", subCode: "NO_PERMISSION", subMsg: "not subscribed" }),
  "invalid-key": { kind: "refused", refusal: invalidSignature("app_id=…"), envelope: "unsigned" },
  "invalid-timestamp": refused(invalid("isv.invalid-timestamp", "the timestamp is too far off")),
  "call-limited": refused(CALL_LIMITED),
  punished: refused(PUNISHED),
  // what becomes of a success
  "wrong-signature": spoiled("wrong-signature"),
  unsigned: spoiled("unsigned"),
  "escaped-slashes": spoiled("escaped-slashes"),
  "impossible-score": spoiled("impossible-score"),
  dribble: spoiled("dribble"),
  truncated: spoiled("truncated"),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;
