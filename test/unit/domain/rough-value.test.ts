import { expect, it } from "vitest";
import { roughValue } from "../../../shared/domain/rough-value.ts";
import { parseMoney } from "../../../shared/domain/money.ts";

function valueOf(text: string): number {
  const [value, currency] = text.split(" ");
  const money = parseMoney(value, currency);
  if (!money.ok) throw new Error(money.problem);
  return roughValue(money.value);
}

it.each([
  { more: "100.01 CNY", less: "100.00 CNY" },
  { more: "20.00 USD", less: "100.00 CNY" },
  { more: "100.00 CNY", less: "10.00 USD" },
  { more: "1000.00 CNY", less: "10000 JPY" },
  { more: "100.00 CNY", less: "100000.00 IDR" },
  { more: "1.000 KWD", less: "2.00 USD" },
  { more: "2.00 GEL", less: "1.00 CNY" }, // no rate: as yuan
])("$more is more than $less", ({ more, less }) => {
  expect(valueOf(more)).toBeGreaterThan(valueOf(less));
});
