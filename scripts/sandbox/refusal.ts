/** A gateway's "no": the business error that goes into the envelope. */
export interface Refusal {
  readonly code: string;
  readonly subCode: string;
  /** What is wrong, for the developer of the caller. */
  readonly subMsg: string;
}

/** The gateway's own word for each code (docs "common/02km9f"). */
const MESSAGES: Readonly<Record<string, string>> = {
  "20000": "Service Currently Unavailable",
  "20001": "Insufficient Token Permissions",
  "40001": "Missing Required Arguments",
  "40002": "Invalid Arguments",
  "40003": "Insufficient Conditions",
  "40004": "Business Failed",
  "40005": "Call Limited",
  "40006": "Insufficient Permissions",
};

/** The `msg` that belongs to a code. */
export const messageOf = (code: string): string => MESSAGES[code] ?? "Unknown";

/** A parameter that is required is not there. */
export const missing = (parameter: string, subCode: string): Refusal => ({
  code: "40001",
  subCode,
  subMsg: `the required parameter ${parameter} is missing`,
});

/** A parameter is there, and wrong. */
export const invalid = (subCode: string, subMsg: string): Refusal => ({ code: "40002", subCode, subMsg });

/** Like the real gateway's: it echoes the whole text that it verified, escaped for HTML. A trap for logs. */
export const invalidSignature = (signedText: string): Refusal =>
  invalid(
    "isv.invalid-signature",
    `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${escapeHtml(signedText)}`,
  );

/** The quota was exceeded. */
export const CALL_LIMITED: Refusal = {
  code: "40005",
  subCode: "isv.app-call-limited",
  subMsg: "调用次数超限，包含调用频率超限",
};

/** The application is on the blacklist. */
export const PUNISHED: Refusal = {
  code: "40006",
  subCode: "isv.app-api-punished",
  subMsg: "the application is punished and may not call this API",
};

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
