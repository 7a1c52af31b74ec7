import { describe, expect, it } from "vitest";
import { resultHeaders } from "../../../shared/amqp/result-headers.ts";

describe("the headers of results", () => {
  it("are one object for all with the same", () => {
    const first = resultHeaders("alipay", "store-17", "cache");
    expect(first).toEqual({ rail: "alipay", merchantId: "store-17", source: "cache" });
    expect(resultHeaders("alipay", "store-17", "cache")).toBe(first);
    expect(resultHeaders("alipay", "store-18", "cache")).toEqual({ ...first, merchantId: "store-18" });
  });

  it("name no merchant where there is none, whatever merchants are called", () => {
    expect(resultHeaders("alipay", undefined, "alipay")).toEqual({ rail: "alipay", source: "alipay" });
    for (const merchantId of [" ", "", "\u0000"]) {
      expect(resultHeaders("alipay", merchantId, "alipay")).toEqual({
        rail: "alipay",
        merchantId,
        source: "alipay",
      });
    }
  });

  it("are made anew, and no less right, where there are more merchants than are kept", () => {
    const first = resultHeaders("alipay", "store-0", "cache");
    for (let i = 1; i <= 2_000; i += 1) {
      expect(resultHeaders("alipay", `store-${i}`, "cache")["merchantId"]).toBe(`store-${i}`);
    }
    const again = resultHeaders("alipay", "store-0", "cache");
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
  });
});
