import { describe, expect, it } from "vitest";
import type { BizContent } from "../../../scripts/sandbox/parse-biz-content.ts";
import { detect } from "../../../scripts/sandbox/score.ts";

const content = (nth: number, changes: Partial<BizContent> = {}): BizContent => ({
  transaction_id: `T${nth}`,
  amount: "128.50",
  currency: "CNY",
  merchant_category_code: "5411",
  device_fingerprint: `device-fingerprint-${nth}`,
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  ...changes,
});

const many = Array.from({ length: 10_000 }, (_, nth) => detect(content(nth)));
const shareOf = (count: number): number => count / many.length;

describe("detect", () => {
  it("gives the same transaction the same answer", () => {
    expect(detect(content(3))).toEqual(detect(content(3)));
  });

  it("approves about 85 %, reviews 10 %, declines 5 % of ordinary payments", () => {
    const declined = many.filter(({ riskScore }) => riskScore >= 0.8).length;
    const reviewed = many.filter(({ riskScore }) => riskScore >= 0.5).length - declined;
    expect(shareOf(many.length - reviewed - declined)).toBeCloseTo(0.85, 1);
    expect(shareOf(reviewed)).toBeGreaterThan(0.07);
    expect(shareOf(reviewed)).toBeLessThan(0.13);
    expect(shareOf(declined)).toBeGreaterThan(0.03);
    expect(shareOf(declined)).toBeLessThan(0.07);
  });

  it("scores from 0.01 to 0.99 with two decimals, as text nine times of ten", () => {
    expect(
      many.filter(({ riskScore }) => !/^0\.\d\d$/.test(riskScore.toFixed(2)) || riskScore < 0.01),
    ).toEqual([]);
    expect(many.every(({ riskScore }) => Number(riskScore.toFixed(2)) === riskScore)).toBe(true);
    expect(shareOf(many.filter(({ isScoreText }) => isScoreText).length)).toBeCloseTo(0.9, 1);
  });

  it("has a reason for each score that is not low", () => {
    expect(many.filter(({ riskScore, ruleCodes }) => riskScore >= 0.31 && ruleCodes.length === 0)).toEqual(
      [],
    );
    expect(new Set(many.flatMap(({ ruleCodes }) => ruleCodes))).toEqual(
      new Set(["DEVICE_VELOCITY", "DEVICE_BLOCKLISTED", "LOCATION_UNUSUAL", "BEHAVIOUR_ANOMALY"]),
    );
  });

  it.each([
    ["AMOUNT_HIGH", { amount: "50000.00" }],
    ["MCC_HIGH_RISK", { merchant_category_code: "7995" }],
  ])("%s fires for %j", (code, changes) => {
    expect(detect(content(1)).ruleCodes).not.toContain(code);
    expect(detect(content(1, changes)).ruleCodes).toContain(code);
  });
});
