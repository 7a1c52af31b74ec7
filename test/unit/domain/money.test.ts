import { data as iso4217 } from "currency-codes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOfCalls, formatPrice, parseMoney, parsePrice } from "../../../shared/domain/money.ts";

describe("parseMoney reads", () => {
  it.each([
    { value: "128.50", currency: "CNY", canonical: "128.50", minorUnits: 12_850 },
    { value: "128.5", currency: "CNY", canonical: "128.50", minorUnits: 12_850 },
    { value: "128", currency: "CNY", canonical: "128.00", minorUnits: 12_800 },
    { value: "0.01", currency: "CNY", canonical: "0.01", minorUnits: 1 },
    { value: "0.1", currency: "CNY", canonical: "0.10", minorUnits: 10 },
    { value: "100000000", currency: "CNY", canonical: "100000000.00", minorUnits: 10_000_000_000 },
    { value: "100000000.00", currency: "CNY", canonical: "100000000.00", minorUnits: 10_000_000_000 },
    { value: "100", currency: "JPY", canonical: "100", minorUnits: 100 },
    { value: "100000000", currency: "JPY", canonical: "100000000", minorUnits: 100_000_000 },
    { value: "0.001", currency: "KWD", canonical: "0.001", minorUnits: 1 },
    { value: "100000000.0000", currency: "CLF", canonical: "100000000.0000", minorUnits: 1_000_000_000_000 },
    { value: "1.99", currency: "IDR", canonical: "1.99", minorUnits: 199 }, // where Intl is wrong
    { value: "5", currency: "XAF", canonical: "5", minorUnits: 5 }, // an X that people do pay in
    { value: "5", currency: "XCG", canonical: "5.00", minorUnits: 500 },
  ])("$value $currency", ({ value, currency, canonical, minorUnits }) => {
    expect(parseMoney(value, currency)).toEqual({
      ok: true,
      value: { value: canonical, currency, minorUnits },
    });
  });
});

const FORMAT = "value must be decimal text";

describe("parseMoney refuses", () => {
  it.each([
    { value: "-1", problem: FORMAT },
    { value: "+5", problem: FORMAT },
    { value: "1e3", problem: FORMAT },
    { value: "0x10", problem: FORMAT },
    { value: "1,000.00", problem: FORMAT },
    { value: "1_000", problem: FORMAT },
    { value: " 5 ", problem: FORMAT },
    { value: "5\n", problem: FORMAT },
    { value: "", problem: FORMAT },
    { value: "00012.00", problem: FORMAT },
    { value: "00.5", problem: FORMAT },
    { value: "1.", problem: FORMAT },
    { value: ".5", problem: FORMAT },
    { value: ".", problem: FORMAT },
    { value: "1.2.3", problem: FORMAT },
    { value: "١٢", problem: FORMAT },
    { value: "１２", problem: FORMAT },
    { value: "Infinity", problem: FORMAT },
    { value: 128.5, problem: FORMAT },
    { value: null, problem: FORMAT },
    { value: ["5"], problem: FORMAT },
    { value: undefined, problem: FORMAT },
    { value: "0", problem: "value must be at least 0.01 (CNY)" },
    { value: "0.00", problem: "value must be at least 0.01 (CNY)" },
    { value: "0.001", problem: "value must have at most 2 decimals (CNY)" },
    { value: "1.000", problem: "value must have at most 2 decimals (CNY)" },
    { value: "100000000.01", problem: "value must be at most 100000000 (CNY)" },
    { value: "100000001", problem: "value must be at most 100000000 (CNY)" },
    { value: "9".repeat(5_000), problem: "value must be at most 100000000 (CNY)" },
    { value: `0.${"0".repeat(5_000)}1`, problem: "value must have at most 2 decimals (CNY)" },
    { value: "100.0", currency: "JPY", problem: "value must have at most 0 decimals (JPY)" },
    { value: "0", currency: "JPY", problem: "value must be at least 1 (JPY)" },
    { value: "0.0000", currency: "CLF", problem: "value must be at least 0.0001 (CLF)" },
    { value: "5", currency: "cny", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "ABC", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "CNY ", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "constructor", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: 156, problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "XXX", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "XTS", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "XAU", problem: "currency must be an ISO 4217 code" },
    { value: "5", currency: "XDR", problem: "currency must be an ISO 4217 code" },
  ])("$value ($currency): $problem", ({ value, currency = "CNY", problem }) => {
    expect(parseMoney(value, currency)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

describe("every currency of ISO 4217", () => {
  const isUnit = (entity: string) => /^zz|monetary fund|development bank|compensacion/i.test(entity);
  const { payable = [], unit = [] } = Object.groupBy(iso4217, ({ countries }) =>
    countries.some(isUnit) ? "unit" : "payable",
  );
  const smallestOf = (digits: number) => (digits === 0 ? "1" : `0.${"1".padStart(digits, "0")}`);

  it.each(payable)("$code has its smallest amount", ({ code, digits }) => {
    const value = smallestOf(digits);
    expect(parseMoney(value, code)).toEqual({ ok: true, value: { value, currency: code, minorUnits: 1 } });
  });

  it.each(unit)("$code is a unit of account that nobody pays with", ({ code, digits }) => {
    expect(parseMoney(smallestOf(digits), code)).toEqual({
      ok: false,
      problem: expect.stringContaining("currency"),
    });
  });
});

describe("amounts are exact", () => {
  it("against whole-number arithmetic of any size", () => {
    const currency = fc.constantFrom(["JPY", 0], ["CNY", 2], ["KWD", 3], ["CLF", 4] as const);
    const whole = fc.oneof(
      fc.bigInt({ min: 0n, max: 110_000_000n }),
      fc.bigInt({ min: 0n, max: 10n ** 40n }),
    );
    const fraction = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 5 });
    fc.assert(
      fc.property(currency, whole, fraction, ([code, decimals], wholePart, fractionPart) => {
        const text = fractionPart === "" ? String(wholePart) : `${wholePart}.${fractionPart}`;
        const scale = 10n ** BigInt(decimals);
        const units = wholePart * scale + BigInt(fractionPart.padEnd(decimals, "0") || "0");
        const isAllowed = fractionPart.length <= decimals && units > 0n && units <= 100_000_000n * scale;
        const money = parseMoney(text, code);
        expect(money.ok).toBe(isAllowed);
        if (!money.ok) return;
        expect(BigInt(money.value.minorUnits)).toBe(units);
        expect(BigInt(money.value.value.replace(".", ""))).toBe(units);
        expect(parseMoney(money.value.value, code)).toEqual(money);
      }),
    );
  });
});

describe("prices", () => {
  it.each([
    { text: "0.02", tenThousandths: 200, canonical: "0.02" },
    { text: "0.0125", tenThousandths: 125, canonical: "0.0125" },
    { text: "0.125", tenThousandths: 1_250, canonical: "0.125" },
    { text: "0.1", tenThousandths: 1_000, canonical: "0.10" },
    { text: "0", tenThousandths: 0, canonical: "0.00" },
    { text: "100", tenThousandths: 1_000_000, canonical: "100.00" },
    { text: "10000", tenThousandths: 100_000_000, canonical: "10000.00" },
  ])("$text is $canonical", ({ text, tenThousandths, canonical }) => {
    expect(parsePrice(text)).toEqual({ ok: true, value: tenThousandths });
    expect(formatPrice(tenThousandths)).toBe(canonical);
  });

  it.each([
    { text: "0.00001", problem: "must have at most 4 decimals" },
    { text: "10000.0001", problem: "must be at most 10000" },
    { text: "-0.02", problem: "must be decimal text" },
    { text: "0,02", problem: "must be decimal text" },
    { text: "", problem: "must be decimal text" },
  ])("$text is refused", ({ text, problem }) => {
    expect(parsePrice(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  it.each([
    { price: 200, calls: 2, cost: "0.04" },
    { price: 200, calls: 0, cost: "0.00" },
    { price: 125, calls: 4, cost: "0.05" },
    { price: 125, calls: 3, cost: "0.0375" },
    { price: 1_000, calls: 3, cost: "0.30" }, // 0.30000000000000004 in floating point
  ])("$calls calls at $price ten-thousandths cost $cost", ({ price, calls, cost }) => {
    expect(costOfCalls(price, calls)).toBe(cost);
  });

  it.each([-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])(
    "%s ten-thousandths is a bug",
    (tenThousandths) => {
      expect(() => formatPrice(tenThousandths)).toThrow(RangeError);
    },
  );

  it("are written as they are read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), (tenThousandths) => {
        const text = formatPrice(tenThousandths);
        expect(text).toMatch(/^\d+\.\d{2,4}$/);
        expect(parsePrice(text)).toEqual({ ok: true, value: tenThousandths });
      }),
    );
  });
});
