import { describe, expect, it } from "vitest";
import { LetterGroups } from "../../../../shared/domain/letters/groups.ts";
import type { Letter } from "../../../../shared/domain/letters/letter.ts";
import { isSelected } from "../../../../shared/domain/letters/selection.ts";
import { formatSum } from "../../../../shared/domain/money.ts";

const LETTER: Letter = {
  instance: "abcdefghijklmnopqrstuv",
  reason: "rejected",
  detail: undefined,
  code: "40004 INVALID_PARAMETER",
  attempts: 1,
  replays: 0,
  failedAtMs: 1_000,
  worker: undefined,
  replayId: undefined,
  editedAt: undefined,
  bodySha256: "",
  bytes: 1,
  glance: {
    transactionId: "T1",
    merchantId: "store-17",
    amount: { value: "128.50", currency: "CNY", minorUnits: 12_850 },
  },
};

describe("a selection", () => {
  it.each([
    { selection: {}, expected: true },
    { selection: { reason: "rejected" }, expected: true },
    { selection: { reason: "malformed" }, expected: false },
    { selection: { code: "40004 INVALID_PARAMETER" }, expected: true },
    { selection: { code: "INVALID_PARAMETER" }, expected: true },
    { selection: { code: "4000" }, expected: false },
    { selection: { sinceMs: 1_000, untilMs: 1_000 }, expected: true },
    { selection: { sinceMs: 1_001 }, expected: false },
    { selection: { untilMs: 999 }, expected: false },
    { selection: { merchant: "store-17" }, expected: true },
    { selection: { merchant: "store-1" }, expected: false },
    { selection: { ids: ["T0", "T1"] }, expected: true },
    { selection: { ids: ["abcdefgh"] }, expected: true },
    { selection: { ids: ["abcdefg"] }, expected: false },
    { selection: { minAmount: 128.5 }, expected: true },
    { selection: { minAmount: 128.51 }, expected: false },
    { selection: { reason: "rejected", merchant: "other" }, expected: false },
  ])("$selection: $expected", ({ selection, expected }) => {
    expect(isSelected(LETTER, selection)).toBe(expected);
  });

  it("of a time or an amount leaves out what has none", () => {
    const letter = { ...LETTER, failedAtMs: undefined, glance: {} };
    for (const selection of [{ sinceMs: 0 }, { untilMs: 1e15 }, { minAmount: 0 }])
      expect(isSelected(letter, selection)).toBe(false);
  });
});

describe("groups", () => {
  it("count letters once, and add their amounts up exactly", () => {
    const groups = new LetterGroups();
    for (let i = 0; i < 3; i++) groups.add({ ...LETTER, failedAtMs: 1_000 * i }, false);
    groups.add(LETTER, true);
    groups.add({ ...LETTER, reason: "malformed", code: undefined, failedAtMs: undefined }, false);
    expect(groups.all()).toMatchObject([
      { reason: "rejected", letters: 3, copies: 1, oldestMs: 0, newestMs: 2_000 },
      { reason: "malformed", code: undefined, letters: 1, copies: 0, oldestMs: undefined },
    ]);
    expect(groups.all()[0]?.amounts).toEqual(new Map([["CNY", 38_550n]]));
  });

  it("are bounded, whatever codes come", () => {
    const groups = new LetterGroups();
    for (let i = 0; i < 2_000; i++) groups.add({ ...LETTER, code: `code ${i}` }, false);
    expect(groups.all()).toHaveLength(501);
    expect(groups.all()[0]).toMatchObject({ code: "others", letters: 1_500 });
  });

  it.each([
    { minorUnits: 1n, currency: "CNY", expected: "0.01" },
    { minorUnits: 9_007_199_254_740_993n, currency: "CNY", expected: "90071992547409.93" },
    { minorUnits: 5n, currency: "JPY", expected: "5" },
    { minorUnits: 5n, currency: "KWD", expected: "0.005" },
  ])("$minorUnits of $currency is $expected", ({ minorUnits, currency, expected }) => {
    expect(formatSum(minorUnits, currency)).toBe(expected);
  });
});
