import type { DeadLetterReason } from "../../shared/domain/dead-letter.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import { createRandom, type Random } from "../sandbox/random.ts";
import { BAD_PAYMENTS } from "./bad-payments.ts";
import { payerOf, type Payer } from "./payer.ts";
import type { Payment } from "./payment.ts";
import { pick } from "./pick.ts";
import { ReturningPayers } from "./returning-payers.ts";

/** What a row is there to show, and so what becomes of it with SCORE_ABOVE at `SAMPLE_SCORE_ABOVE`. */
export type RowKind = "large" | "small" | "returning" | "conflict" | "bad";

/** One line of the sample. */
export interface SampleRow {
  readonly kind: RowKind;
  /** As which dead letter it ends; undefined where it ends as a result, if the gateway answers. */
  readonly reason?: DeadLetterReason;
  /** JSON, good or bad, without the line's end. */
  readonly line: string;
}

export interface SampleOptions {
  readonly rows: number;
  readonly seed: number;
}

/** The threshold that the sample's amounts are made for: small ones are at or below it, large ones above. */
export const SAMPLE_SCORE_ABOVE = 200;

/** Of all rows, so many are large: each costs a call, and they set the pace. */
const LARGE_SHARE = 0.37;
const BAD_SHARE = 0.02;
const CONFLICT_SHARE = 0.002;
/** Of small payments, those of payers who were scored before, where there are such payers. */
const RETURNING_SHARE = 0.6;
/** Who took up a transaction is done with it so many rows later, on every replica. */
const CONFLICT_DISTANCE = 400;
const FIRST_MS = Date.parse("2025-01-06T09:00:00+08:00");
/** Groceries, restaurants, transport and the like; two that are ranked as risky. */
const CATEGORIES = [
  ..."5411 5812 5814 4111 5732 5651 7011 5541 5912 5499 5999 4814 7832 8099".split(" "),
  ..."5411 5812 5814 4111 4829 7995".split(" "),
];

/**
 * Payments of an ordinary morning, a few bad ones among them: the same rows for the same options, byte for byte. What
 * becomes of each row does not depend on the order in which replicas work, but for two that are far apart in the sample.
 */
export function* generateSample({ rows, seed }: SampleOptions): Generator<SampleRow> {
  const sample = new Sample(seed);
  for (let number = 1; number <= rows; number++) yield sample.row(number);
}

class Sample {
  readonly #seed: number;
  readonly #random: Random;
  readonly #returning: ReturningPayers;
  /** A small payment whose id will be used once more. */
  #lender: { readonly number: number; readonly payment: Payment } | undefined;
  #payers = 0;
  #badOnes = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = createRandom(seed);
    this.#returning = new ReturningPayers(this.#random);
  }

  row(number: number): SampleRow {
    const position = this.#random();
    if (position < BAD_SHARE) return this.#bad(number);
    if (position < BAD_SHARE + CONFLICT_SHARE) return this.#conflict(number);
    if (position < BAD_SHARE + CONFLICT_SHARE + LARGE_SHARE) return this.#large(number);
    return this.#small(number);
  }

  #bad(number: number): SampleRow {
    const bad = BAD_PAYMENTS[this.#badOnes % BAD_PAYMENTS.length] ?? BAD_PAYMENTS[0];
    this.#badOnes += 1; // in turn, so that a few dozen show them all
    const payment = this.#payment(number, this.#newPayer(), this.#largeAmount());
    return { kind: "bad", reason: bad.reason, line: bad.spoil(payment) };
  }

  /** The id of an earlier payment, with another amount. */
  #conflict(number: number): SampleRow {
    const earlier = this.#lender;
    if (earlier === undefined || number - earlier.number < CONFLICT_DISTANCE) return this.#small(number);
    this.#lender = undefined;
    const line = JSON.stringify({ ...earlier.payment, amount: this.#smallAmount() });
    return { kind: "conflict", reason: "conflict", line };
  }

  #large(number: number): SampleRow {
    const payer = this.#newPayer();
    this.#returning.noteScored(payer);
    return rowOf("large", this.#payment(number, payer, this.#largeAmount()));
  }

  #small(number: number): SampleRow {
    const returning = this.#random() < RETURNING_SHARE ? this.#returning.next() : undefined;
    const payment = this.#payment(number, returning ?? this.#newPayer(), this.#smallAmount());
    if (returning !== undefined) return rowOf("returning", payment);
    this.#lender ??= { number, payment };
    return rowOf("small", payment);
  }

  #newPayer(): Payer {
    this.#payers += 1;
    return payerOf(this.#payers, this.#seed, this.#random);
  }

  #payment(number: number, payer: Payer, amount: Payment["amount"]): Payment {
    const random = this.#random;
    return {
      schemaVersion: 1,
      transactionId: `sample-${this.#seed}-${String(number).padStart(6, "0")}`,
      rail: "alipay",
      userId: payer.userId,
      merchantId: `shop-${1 + Math.floor(random() * 40)}`,
      merchantCategoryCode: pick(CATEGORIES, random),
      amount,
      deviceFingerprint: payer.deviceFingerprint,
      geolocation: payer.geolocation,
      occurredAt: formatInstant(FIRST_MS + number * 1_000),
      metadata: { channel: pick(["app", "web", "till"], random) },
    };
  }

  /** Most a little above the threshold, a few far above it; some in a currency to which no threshold applies. */
  #largeAmount(): Payment["amount"] {
    const size = SAMPLE_SCORE_ABOVE * Math.exp(3 * this.#random() ** 2) + 0.01;
    if (this.#random() < 0.05) return { value: String(Math.ceil(size * 20)), currency: "JPY" };
    return { value: size.toFixed(2), currency: "CNY" };
  }

  #smallAmount(): Payment["amount"] {
    return { value: (0.5 + this.#random() * (SAMPLE_SCORE_ABOVE - 0.5)).toFixed(2), currency: "CNY" };
  }
}

const rowOf = (kind: RowKind, payment: Payment): SampleRow => ({ kind, line: JSON.stringify(payment) });
