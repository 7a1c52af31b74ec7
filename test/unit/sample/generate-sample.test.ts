import { describe, expect, it } from "vitest";
import { parseTransaction, type Transaction } from "../../../shared/domain/transaction.ts";
import { BAD_PAYMENTS } from "../../../scripts/sample/bad-payments.ts";
import type { Payment } from "../../../scripts/sample/payment.ts";
import {
  generateSample,
  SAMPLE_SCORE_ABOVE,
  type SampleOptions,
  type SampleRow,
} from "../../../scripts/sample/generate-sample.ts";

/** Above the threshold. */
const GOOD: Payment = {
  schemaVersion: 1,
  transactionId: "T1",
  rail: "alipay",
  userId: "2088",
  merchantId: "shop-1",
  merchantCategoryCode: "5411",
  amount: { value: "980.50", currency: "CNY" },
  deviceFingerprint: "9f86d081884c7d659a2feaa0c55ad015",
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  occurredAt: "2025-01-06T09:00:01.000+08:00",
  metadata: { channel: "app" },
};

const sampleOf = (options: Partial<SampleOptions> = {}): SampleRow[] => [
  ...generateSample({ rows: 4_000, seed: 1, ...options }),
];
const parse = ({ line }: SampleRow) => parseTransaction(Buffer.from(line));

function transactionOf(row: SampleRow): Transaction {
  const transaction = parse(row);
  if (!transaction.ok) throw new Error(`${transaction.problem}: ${row.line}`);
  return transaction.value;
}

const ROWS = sampleOf();
/** Every row of the kind, with its place in the sample. */
const placed = (wanted: SampleRow["kind"]) =>
  ROWS.flatMap((row, place) => (row.kind === wanted ? [{ place, transaction: transactionOf(row) }] : []));
const callsNeeded = (from: number, to: number): number =>
  ROWS.slice(from + 1, to).filter(({ kind }) => kind === "large").length;

it("is the same for the same seed, and another one for another", () => {
  expect(sampleOf()).toEqual(ROWS);
  expect(sampleOf({ seed: 2 })).not.toEqual(ROWS);
});

it("begins in the same way, however long it is", () => {
  expect(sampleOf({ rows: 10 })).toEqual(ROWS.slice(0, 10));
});

it("has as many rows as wanted, each in a line of its own", () => {
  expect(sampleOf({ rows: 123 })).toHaveLength(123);
  expect(ROWS.filter(({ line }) => line === "" || line.includes("\n"))).toEqual([]);
});

it("has rows of every kind, and bad ones of every sort", () => {
  expect(new Set(ROWS.map(({ kind }) => kind))).toEqual(
    new Set(["large", "small", "returning", "conflict", "bad"]),
  );
  const reasons = new Set(ROWS.filter(({ kind }) => kind === "bad").map(({ reason }) => reason));
  expect(reasons).toEqual(new Set(BAD_PAYMENTS.map(({ reason }) => reason)));
});

it.each([1, 2, 3])("of seed %i, every row parses that should, and no malformed one", (seed) => {
  const parsing = sampleOf({ seed }).map((row) => ({ row, isParsed: parse(row).ok }));
  const wrong = parsing.filter(({ row, isParsed }) => isParsed === (row.reason === "malformed"));
  expect(wrong).toEqual([]);
});

it.each(BAD_PAYMENTS)("a bad payment is $reason, and nothing else is wrong with it", ({ reason, spoil }) => {
  const transaction = parseTransaction(Buffer.from(spoil(GOOD)));
  expect(transaction.ok).toBe(reason !== "malformed");
  expect(transaction.ok ? [] : transaction.problem.split("; ")).toHaveLength(reason === "malformed" ? 1 : 0);
});

describe("its amounts", () => {
  const isAbove = ({ amount }: Transaction): boolean =>
    amount.currency !== "CNY" || amount.minorUnits > SAMPLE_SCORE_ABOVE * 100;

  it("are above the threshold where a call is wanted, and not above it elsewhere", () => {
    expect(placed("large").filter(({ transaction }) => !isAbove(transaction))).toEqual([]);
    const small = [...placed("small"), ...placed("returning"), ...placed("conflict")];
    expect(small.filter(({ transaction }) => isAbove(transaction))).toEqual([]);
  });
});

describe("a payer who comes back", () => {
  const scored = new Map(placed("large").map(({ place, transaction }) => [transaction.userId, place]));

  it("was scored exactly once, long enough ago to be done with", () => {
    expect(scored.size).toBe(placed("large").length);
    const returning = placed("returning");
    expect(returning.length).toBeGreaterThan(100);
    const distances = returning.map(({ place, transaction }) =>
      callsNeeded(scored.get(transaction.userId) ?? place, place),
    );
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(899);
    expect(Math.max(...distances)).toBeLessThanOrEqual(2_500);
  });

  it("was not there before where the payment is a first small one", () => {
    const payers = placed("small").map(({ transaction }) => transaction.userId);
    expect(payers.filter((userId) => scored.has(userId))).toEqual([]);
  });
});

it("uses an id twice only in conflicts, far apart and with another amount", () => {
  const first = new Map(
    placed("small").map(({ place, transaction }) => [transaction.transactionId, { place, transaction }]),
  );
  for (const { place, transaction } of placed("conflict")) {
    const earlier = first.get(transaction.transactionId);
    expect(place - (earlier?.place ?? place)).toBeGreaterThanOrEqual(400);
    expect(transaction.amount).not.toEqual(earlier?.transaction.amount);
  }
  const ids = ROWS.filter(({ kind }) => kind !== "conflict" && kind !== "bad").map(
    (row) => transactionOf(row).transactionId,
  );
  expect(new Set(ids).size).toBe(ids.length);
});
