import { expect, it } from "vitest";
import { interpretBroken } from "../../../shared/alipay/interpret-broken.ts";
import { isGatewaysCode } from "../../../shared/domain/failure.ts";

it.each(["timeout", "reset", "oversize", "unreadable"] as const)("%s is a word of ours", (cause) => {
  expect(isGatewaysCode(interpretBroken(cause, undefined, 0).code)).toBe(false);
});

it.each(["unsigned-success", "wrong-signature", "http-500"])("%s is a word of ours", (code) => {
  expect(isGatewaysCode(code)).toBe(false);
});

it.each(["20000 isp.unknow-error", "40004 INVALID_PARAMETER", "ACQ.SYSTEM_ERROR", "http-error"])(
  "%s is the gateway's",
  (code) => {
    expect(isGatewaysCode(code)).toBe(true);
  },
);
