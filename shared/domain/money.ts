import { data as iso4217 } from "currency-codes";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** An amount as parsed: exact, in its currency's smallest unit. */
export interface Money {
  /** Canonical decimal text with the currency's decimals: `128.5` CNY is "128.50". */
  readonly value: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly minorUnits: number;
}

/** Decimal text as amounts and prices are written: plain ASCII digits, no sign, exponent or needless zero. */
export const DECIMAL_TEXT = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** Of the currency's major unit, whatever the currency. */
export const LARGEST_AMOUNT = 100_000_000;

/** CNY. Keeps price × calls exact for more calls than any quota admits. */
const HIGHEST_PRICE = 10_000;
const PRICE_DECIMALS = 4;

/** ISO 4217 gives these no minor unit ("N.A."; the package says 0): metals, units of account, tests. Nobody pays in them. */
const NOT_PAYABLE = new Set([
  "XAG",
  "XAU",
  "XPD",
  "XPT",
  "XBA",
  "XBB",
  "XBC",
  "XBD",
  "XDR",
  "XSU",
  "XUA",
  "XTS",
  "XXX",
]);

/** Codes of the currencies that one can pay in, and the decimals of each. */
export const CURRENCY_DECIMALS: ReadonlyMap<string, number> = new Map([
  ...iso4217.filter(({ code }) => !NOT_PAYABLE.has(code)).map(({ code, digits }) => [code, digits] as const),
  ["XCG", 2], // Caribbean guilder, ISO 4217 amendment 176 (2025): newer than the package's list of 2024
]);

/** Reads an amount of a payment; the problem begins with `value` or `currency`, whichever is wrong. */
export function parseMoney(value: unknown, currency: unknown): Parsed<Money> {
  const decimals = typeof currency === "string" ? CURRENCY_DECIMALS.get(currency) : undefined;
  if (typeof currency !== "string" || decimals === undefined) {
    return refused("currency must be an ISO 4217 code of a currency one can pay in, in upper case");
  }
  const minorUnits = parseScaled(value, decimals, LARGEST_AMOUNT);
  if (!minorUnits.ok) return refused(`value ${minorUnits.problem} (${currency})`);
  if (minorUnits.value === 0)
    return refused(`value must be at least ${formatScaled(1, decimals)} (${currency})`);
  return parsed({ value: formatScaled(minorUnits.value, decimals), currency, minorUnits: minorUnits.value });
}

/** An amount of a currency's smallest units as decimal text, such as "128.50". */
export function formatMinorUnits(minorUnits: number, currency: string): string {
  return formatScaled(minorUnits, CURRENCY_DECIMALS.get(currency) ?? 0);
}

/** Reads a limit for amounts of a currency, to its smallest unit: written like an amount, but it may be 0. */
export function parseLimit(value: string, currency: string): Parsed<number> {
  const decimals = CURRENCY_DECIMALS.get(currency);
  if (decimals === undefined) return refused(`${currency} is no currency that one can pay in`);
  const minorUnits = parseScaled(value, decimals, LARGEST_AMOUNT);
  return minorUnits.ok ? minorUnits : refused(`${minorUnits.problem} (${currency})`);
}

/** Reads a price in CNY, such as "0.02", to ten-thousandths of a yuan. */
export function parsePrice(text: string): Parsed<number> {
  return parseScaled(text, PRICE_DECIMALS, HIGHEST_PRICE);
}

/** Ten-thousandths of a yuan as decimal text with two decimals, three or four where needed: nothing is rounded. */
export function formatPrice(tenThousandths: number): string {
  return formatScaled(tenThousandths, PRICE_DECIMALS).replace(/0{1,2}$/, "");
}

/** A sum of amounts as decimal text: exact, however large it is. */
export function formatSum(minorUnits: bigint, currency: string): string {
  const decimals = CURRENCY_DECIMALS.get(currency) ?? 0;
  const digits = String(minorUnits).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** What a number of calls cost, as decimal text: `callPrice` in ten-thousandths of a yuan, as `parsePrice` gives it. */
export function costOfCalls(callPrice: number, calls: number): string {
  return formatPrice(callPrice * calls);
}

/** Decimal text to a whole number of units of 10^-decimals. Lengths are bounded before anything is computed. */
function parseScaled(text: unknown, decimals: number, largest: number): Parsed<number> {
  const match = typeof text === "string" ? DECIMAL_TEXT.exec(text) : null;
  if (match === null) return refused('must be decimal text in plain digits, such as "128.50"');
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return refused(`must have at most ${decimals} decimals`);
  const units =
    whole.length > String(largest).length ? Infinity : Number(whole + fraction.padEnd(decimals, "0"));
  return units > largest * 10 ** decimals ? refused(`must be at most ${largest}`) : parsed(units);
}

/** The reverse of `parseScaled`, with all decimals. */
function formatScaled(units: number, decimals: number): string {
  if (!Number.isSafeInteger(units) || units < 0) throw new RangeError(`not an exact amount: ${units}`);
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
