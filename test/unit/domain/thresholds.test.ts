import { expect, it } from "vitest";
import { thresholdOf } from "../../../shared/domain/thresholds.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const { thresholds } = samplePolicy({
  scoreAbove: 10_000,
  byCurrency: { USD: 1_000, JPY: 1_500 },
  byCategory: { "5411": 20_000, "7995": 0 },
});

it.each([
  { category: "5999", currency: "CNY", expected: 10_000 },
  { category: "5999", currency: "USD", expected: 1_000 },
  { category: "5999", currency: "JPY", expected: 1_500 },
  { category: "5999", currency: "EUR", expected: 0 },
  { category: "5411", currency: "CNY", expected: 20_000 },
  { category: "5411", currency: "USD", expected: 1_000 },
  { category: "5411", currency: "EUR", expected: 0 },
  { category: "7995", currency: "CNY", expected: 0 },
  { category: "7995", currency: "USD", expected: 0 },
])("category $category in $currency: $expected of the smallest unit", ({ category, currency, expected }) => {
  const transaction = sampleTransaction({
    merchantCategoryCode: category,
    amount: { value: "100", currency },
  });
  expect(thresholdOf(transaction, thresholds)).toBe(expected);
});
