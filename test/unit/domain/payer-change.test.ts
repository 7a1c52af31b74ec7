import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CHANGES,
  changeSince,
  scoredPayment,
  type ChangeRules,
} from "../../../shared/domain/payer-change.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const ALL: ChangeRules = { alwaysScoreOn: CHANGES, amountJump: 10, placeJumpKm: 500 };
const SHANGHAI = { latitude: 31.2304, longitude: 121.4737 };

const paymentOf = (changes: Readonly<Record<string, unknown>> = {}, device = "one") => ({
  transaction: sampleTransaction({ geolocation: SHANGHAI, ...changes }),
  claim: { device: () => device },
});
const amount = (value: string, currency = "CNY") => ({ amount: { value, currency } });
const at = (latitude: number, longitude: number) => ({ geolocation: { latitude, longitude } });

const BEFORE = scoredPayment(paymentOf(amount("12.00")), ALL);

it.each([
  { title: "the same", payment: paymentOf(amount("12.00")), expected: undefined },
  { title: "another device", payment: paymentOf(amount("12.00"), "two"), expected: "device" },
  { title: "a smaller amount", payment: paymentOf(amount("0.01")), expected: undefined },
  { title: "ten times the amount", payment: paymentOf(amount("120.00")), expected: undefined },
  { title: "a fen more than that", payment: paymentOf(amount("120.01")), expected: "amount" },
  { title: "another currency", payment: paymentOf(amount("12.00", "USD")), expected: "amount" },
  {
    title: "Hangzhou",
    payment: paymentOf({ ...amount("12.00"), ...at(30.2741, 120.1551) }),
    expected: undefined,
  },
  {
    title: "Beijing",
    payment: paymentOf({ ...amount("12.00"), ...at(39.9042, 116.4074) }),
    expected: "place",
  },
  { title: "device and place", payment: paymentOf(at(-33.9, 18.4), "two"), expected: "device" },
])("$title: $expected", ({ payment, expected }) => {
  expect(changeSince(BEFORE, payment, ALL)).toBe(expected);
});

describe.each(CHANGES)("%s", (change) => {
  const rules = { ...ALL, alwaysScoreOn: [change] };
  const other = paymentOf({ ...amount("9999.00"), ...at(-33.9, 18.4) }, "two");

  it("is compared, and kept, only where its rule is on", () => {
    expect(changeSince(BEFORE, other, rules)).toBe(change);
    expect(changeSince(BEFORE, other, { ...ALL, alwaysScoreOn: [] })).toBeUndefined();
    expect(Object.keys(scoredPayment(other, rules))).toEqual([change]);
  });

  it("counts as changed where it was not kept", () => {
    expect(changeSince(undefined, other, rules)).toBe(change);
    expect(changeSince({}, other, rules)).toBe(change);
  });
});

it("keeps a place no more exactly than to a tenth of a degree", () => {
  expect(BEFORE.place).toEqual({ latitude: 31.2, longitude: 121.5 });
});

it("knows that the date line parts neighbours, and that all places at a pole are one", () => {
  const rules: ChangeRules = { ...ALL, alwaysScoreOn: ["place"], placeJumpKm: 50 };
  const moved = (from: ReturnType<typeof at>, to: ReturnType<typeof at>) =>
    changeSince(scoredPayment(paymentOf(from), rules), paymentOf(to), rules);
  expect(moved(at(0, 180), at(0, -179.9))).toBeUndefined();
  expect(moved(at(90, 0), at(90, 137))).toBeUndefined();
  expect(moved(at(0, 0), at(0, 180))).toBe("place");
});

it("never calls a payment a change of itself, wherever it is", () => {
  const anywhere = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(anywhere, fc.integer({ min: 1, max: 10_000_000_000 }), (geolocation, fen) => {
      const payment = paymentOf({
        geolocation,
        ...amount(`${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`),
      });
      expect(changeSince(scoredPayment(payment, ALL), payment, ALL)).toBeUndefined();
    }),
  );
});
