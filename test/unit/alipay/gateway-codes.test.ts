import { describe, expect, it } from "vitest";
import { classifyRefusal, type Circumstances } from "../../../shared/alipay/classify-refusal.ts";
import { canonicalCode, GATEWAY_CODES, gatewayCodeOf } from "../../../shared/alipay/gateway-codes.ts";

const nothingElse: Circumstances = { retryAfterMs: undefined, skewMs: undefined, banCodes: new Set() };

const classify = (code: string, subCode?: string, circumstances: Partial<Circumstances> = {}) =>
  classifyRefusal({ code, subCode, signature: "valid" }, { ...nothingElse, ...circumstances });

describe("the table", () => {
  it.each([...GATEWAY_CODES])(
    "%s: spelt canonically, found in every spelling, with meaning and source",
    (name, row) => {
      expect(canonicalCode(name)).toBe(name);
      for (const spelling of [
        name,
        `isv.${name}`,
        `aop.ACQ.${name.toUpperCase().replaceAll("-", "_")}`,
        ` isp.${name}`,
      ]) {
        expect(gatewayCodeOf(spelling)).toBe(row);
      }
      expect(row.meaning).not.toBe("");
      expect(row.source).not.toBe("");
    },
  );

  it.each(["constructor", "__proto__", "toString", ""])("knows no %j", (name) => {
    expect(gatewayCodeOf(name)).toBeUndefined();
  });
});

describe("classifying a refusal", () => {
  it.each([
    // design.md, section 5, row by row
    ["20000", "isp.unknow-error", "retryable"],
    ["20000", "aop.unknow-error", "retryable"],
    ["20000", undefined, "retryable"],
    ["40004", "ACQ.SYSTEM_ERROR", "retryable"],
    ["40004", "aop.ACQ.SYSTEM_ERROR", "retryable"],
    ["40004", "AQC.SYSTEM_ERROR", "retryable"],
    ["40004", "RISK_CENTER_SYSTEM_ERROR", "retryable"],
    ["40002", "isv.invalid-encrypt", "retryable"],
    ["40002", "access-data-time-out", "retryable"],
    ["40005", "isv.app-call-limited", "quota"],
    ["40005", "method-call-limited", "quota"],
    ["40005", undefined, "quota"],
    ["40005", "isv.something-new", "quota"],
    ["20001", "app-auth-invoke-limit", "quota"],
    ["40006", "isv.app-api-punished", "banned"],
    ["40006", "APP-API-PUNISHED", "banned"],
    ["40004", "NO_PERMISSION", "permission"],
    ["20001", "aop.invalid-auth-token", "permission"],
    ["40001", "isv.missing-signature", "permission"],
    ["40002", "isv.invalid-signature", "permission"],
    ["40002", undefined, "permission"],
    ["40003", "isv.missing-signature-config", "permission"],
    ["40006", "isv.insufficient-isv-permissions", "permission"],
    ["40006", "", "permission"],
    ["40004", "exceed-api-balance", "permission"],
    ["40004", "app-key-security-risk", "permission"],
    ["40002", "illegal-client-ip", "permission"],
    ["40002", "isv.invalid-timestamp", "clock-skew"],
    ["40002", "illegal-timestamp", "clock-skew"],
    ["40002", "isv.invalid-parameter", "permanent"],
    ["40004", "INVALID_PARAMETER", "permanent"],
    ["40002", "isv.suspected-attack", "permanent"],
    ["40002", "isv.illegal-json", "permanent"],
    ["40004", "ACQ.TRADE_NOT_EXIST", "permanent"],
    ["40004", undefined, "permanent"],
    ["50001", "isv.never-heard-of", "unknown-code"],
    ["constructor", undefined, "unknown-code"],
    // the newer spelling has the words in `code`
    ["app-call-limited", undefined, "quota"],
  ])("%s %s is %s", (code, subCode, kind) => {
    expect(classify(code, subCode).kind).toBe(kind);
  });

  it("names code and sub-code as the gateway spelt them", () => {
    expect(classify("40005", "isv.app-call-limited").code).toBe("40005 isv.app-call-limited");
    expect(classify("40005").code).toBe("40005");
    expect(classify("40006", "").code).toBe("40006");
  });

  it("lets nothing but short code words through", () => {
    const { code } = classify("40004", `x\n=2088102146225135&${"y".repeat(500)}`);
    expect(code).toMatch(/^40004 x\?\?2088102146225135\?y+$/);
    expect(code.length).toBeLessThanOrEqual(6 + 64);
  });

  it("keeps the wait that the gateway asked for", () => {
    expect(classify("40005", undefined, { retryAfterMs: 1_500 })).toEqual({
      kind: "quota",
      code: "40005",
      retryAfterMs: 1_500,
    });
  });

  it("counts codes of the configuration as a ban, in any spelling", () => {
    const banCodes = new Set(["app-blocked", "40009"]);
    expect(classify("40004", "isv.APP_BLOCKED", { banCodes }).kind).toBe("banned");
    expect(classify("40009", undefined, { banCodes }).kind).toBe("banned");
    expect(classify("40004", "isv.app-blocked").kind).toBe("permanent");
  });

  it.each([
    { skewMs: 61_000, expected: { kind: "clock-skew", skewMs: 61_000 } },
    { skewMs: -400_000, expected: { kind: "clock-skew", skewMs: -400_000 } },
    { skewMs: undefined, expected: { kind: "clock-skew", skewMs: undefined } },
    { skewMs: 60_000, expected: { kind: "permission" } },
    { skewMs: -2_000, expected: { kind: "permission" } },
  ])("a refused time stamp at a skew of $skewMs ms is $expected.kind", ({ skewMs, expected }) => {
    expect(classify("40002", "isv.invalid-timestamp", { skewMs })).toMatchObject(expected);
  });

  it.each([
    ["40004", "retryable"],
    ["99999", "retryable"],
    ["40005", "quota"],
    ["40006", "permission"],
  ])("%s with a wrong signature is %s: heeded, but final for no transaction", (code, kind) => {
    expect(classifyRefusal({ code, subCode: undefined, signature: "wrong" }, nothingElse).kind).toBe(kind);
    expect(classifyRefusal({ code, subCode: undefined, signature: "absent" }, nothingElse).kind).toBe(
      classify(code).kind,
    );
  });
});
