import { CURRENCY_DECIMALS, LARGEST_AMOUNT } from "../../shared/domain/money.ts";
import type { JsonSchema } from "./json-schema.ts";

/** The rules of an amount that hang on its currency: how many decimals it has, and so what its least amount is. */
export function amountRules(): Pick<JsonSchema, "allOf"> {
  const decimals = [...new Set(CURRENCY_DECIMALS.values())].toSorted((a, b) => a - b);
  return {
    allOf: [
      { properties: { currency: { enum: [...CURRENCY_DECIMALS.keys()].toSorted() } } },
      { properties: { value: { not: { pattern: "^[0.]*$" } } } }, // nothing at all is no payment
      ...decimals.map(rulesOfDecimals),
    ],
  };
}

function rulesOfDecimals(decimals: number): JsonSchema {
  const codes = [...CURRENCY_DECIMALS].filter(([, digits]) => digits === decimals).map(([code]) => code);
  return {
    if: { properties: { currency: { enum: codes.toSorted() } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { value: { pattern: patternOfValues(decimals) } } },
  };
}

/** Decimal text up to the largest amount: fewer digits than it, or itself with nothing after the point. */
function patternOfValues(decimals: number): string {
  const digits = String(LARGEST_AMOUNT).length - 1;
  const fraction = (digit: string) => (decimals === 0 ? "" : `(\\.${digit}{1,${decimals}})?`);
  return `^((0|[1-9][0-9]{0,${digits - 1}})${fraction("[0-9]")}|${LARGEST_AMOUNT}${fraction("0")})$`;
}
