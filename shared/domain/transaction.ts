import { z } from "zod";
import { DATE_TIME, parseInstant } from "./instant.ts";
import { DECIMAL_TEXT, parseMoney, type Money } from "./money.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";
import { parseStrictJson, quoteKey, type JsonBounds } from "./strict-json.ts";

/** A payment as it arrives on the transactions exchange (contract, section 2), parsed. */
export interface Transaction {
  readonly transactionId: string;
  readonly rail: string;
  readonly userId: string;
  readonly merchantId: string | undefined;
  /** ISO 18245, kept as text: "0742" is not 742. */
  readonly merchantCategoryCode: string;
  readonly amount: Money;
  readonly deviceFingerprint: string;
  readonly geolocation: { readonly latitude: number; readonly longitude: number };
  /** Milliseconds since the epoch. */
  readonly occurredAtMs: number;
  /** Milliseconds since the epoch; after it an answer is of no use to the payer. */
  readonly decideByMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** No transaction has more bytes. */
export const LONGEST_TRANSACTION = 65_536;
/** Twice the keys that a transaction can have, so that one key too many is still named. */
const BOUNDS: JsonBounds = { bytes: LONGEST_TRANSACTION, depth: 8, keys: 66 };
const DAY_MS = 86_400_000;
const MOST_METADATA = 16;
const LONGEST_PROBLEM = 300;

/** What a field must be. Says nothing of the value that broke the rule: it may be personal data. */
type Rule = `must be ${string}`;

const missingOr = (rule: Rule) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? "is missing" : rule),
});

const text = (rule: Rule, pattern?: RegExp) => {
  const schema = z.string(missingOr(rule));
  return pattern === undefined ? schema : schema.regex(pattern, rule);
};

/**
 * What is printable, for validators whose patterns know no \p: controls, line separators and invisible format characters
 * of the basic plane are left out. Beyond it nothing is, since some of them see halves of characters there.
 */
const PORTABLE_PRINTABLE =
  "^[^\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e" +
  "\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]*$";

/** Counted in code points (hence the `u`), without controls, line separators and invisible format characters. */
const printable = (least: number, most: number) =>
  text(
    `must be ${least} to ${most} printable characters`,
    new RegExp(`^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]{${least},${most}}$`, "u"),
  ).meta({ minLength: least, maxLength: most, pattern: PORTABLE_PRINTABLE });

const degrees = (most: number) => {
  const rule: Rule = `must be a number from -${most} to ${most}`;
  return z.number(missingOr(rule)).min(-most, rule).max(most, rule);
};

const METADATA_RULE: Rule = `must be at most ${MOST_METADATA} texts of up to 256 characters, under keys of up to 64`;
const metadataText = (most: number) =>
  text(METADATA_RULE, new RegExp(`^[\\s\\S]{0,${most}}$`, "u")).meta({ maxLength: most, pattern: undefined });

const dateTime = () => text("must be text").meta({ format: "date-time", pattern: DATE_TIME.source });

/**
 * A transaction as producers write it. Amounts and times are only shaped here; their own parsers judge them, and
 * the patterns and formats given in `meta` are for the JSON Schema that is made of this.
 */
export const transactionSchema = z.strictObject(
  {
    schemaVersion: z.literal(1, missingOr("must be 1")),
    transactionId: text("must be 1 to 64 of A-Z a-z 0-9 . _ -", /^[A-Za-z0-9._-]{1,64}$/),
    rail: text('must be a lower-case name, such as "alipay"', /^[a-z][a-z0-9-]{0,31}$/),
    userId: printable(1, 64),
    merchantId: printable(1, 64).optional(),
    merchantCategoryCode: text("must be four digits, as text", /^[0-9]{4}$/),
    amount: z.strictObject(
      {
        value: text("must be text").meta({ pattern: DECIMAL_TEXT.source }),
        currency: text("must be text").meta({ pattern: "^[A-Z]{3}$" }),
      },
      missingOr("must be an object with value and currency"),
    ),
    deviceFingerprint: printable(16, 128),
    geolocation: z.strictObject(
      { latitude: degrees(90), longitude: degrees(180) },
      missingOr("must be an object with latitude and longitude"),
    ),
    occurredAt: dateTime(),
    decideBy: dateTime().optional(),
    metadata: z
      .record(metadataText(64), metadataText(256), METADATA_RULE)
      .refine((entries) => Object.keys(entries).length <= MOST_METADATA, METADATA_RULE)
      .meta({ maxProperties: MOST_METADATA })
      .optional(),
  },
  "must be a JSON object",
);

type WrittenTransaction = z.infer<typeof transactionSchema>;

/** Bytes to transaction. Never throws: a malformed body is a fact about the delivery. */
export function parseTransaction(body: Uint8Array): Parsed<Transaction> {
  const json = parseStrictJson(body, BOUNDS);
  if (!json.ok) return json;
  const written = transactionSchema.safeParse(json.value);
  return written.success ? readValues(written.data) : refused(describe(written.error.issues));
}

/**
 * Everything that makes it the same transaction, as one text: equal if and only if the content is. What does not
 * count is `decideBy` and `metadata`, and how amounts, numbers and times are spelt.
 */
export function identityOf(transaction: Transaction): string {
  const { amount, geolocation } = transaction;
  return JSON.stringify([
    transaction.transactionId,
    transaction.rail,
    transaction.userId,
    transaction.merchantId ?? null,
    transaction.merchantCategoryCode,
    amount.value,
    amount.currency,
    transaction.deviceFingerprint,
    geolocation.latitude,
    geolocation.longitude,
    transaction.occurredAtMs,
  ]);
}

function readValues(written: WrittenTransaction): Parsed<Transaction> {
  const amount = parseMoney(written.amount.value, written.amount.currency);
  if (!amount.ok) return refused(`amount.${amount.problem}`);
  const occurredAt = parseInstant(written.occurredAt);
  if (!occurredAt.ok) return refused(`occurredAt ${occurredAt.problem}`);
  const decideBy = readDecideBy(written.decideBy, occurredAt.value);
  if (!decideBy.ok) return refused(`decideBy ${decideBy.problem}`);
  return parsed({
    transactionId: written.transactionId,
    rail: written.rail,
    userId: written.userId,
    merchantId: written.merchantId,
    merchantCategoryCode: written.merchantCategoryCode,
    amount: amount.value,
    deviceFingerprint: written.deviceFingerprint,
    geolocation: written.geolocation,
    occurredAtMs: occurredAt.value,
    decideByMs: decideBy.value,
    metadata: written.metadata,
  });
}

function readDecideBy(decideBy: string | undefined, occurredAtMs: number): Parsed<number | undefined> {
  if (decideBy === undefined) return parsed(undefined);
  const instant = parseInstant(decideBy);
  if (!instant.ok) return instant;
  if (instant.value <= occurredAtMs) return refused("must be later than occurredAt");
  if (instant.value > occurredAtMs + DAY_MS) return refused("must be at most 24 hours after occurredAt");
  return instant;
}

/** All problems in one line, each once, as many as fit. */
function describe(issues: readonly z.core.$ZodIssue[]): string {
  const problems = [...new Set(issues.map(describeIssue))].join("; ");
  return problems.length > LONGEST_PROBLEM ? `${problems.slice(0, LONGEST_PROBLEM - 1)}…` : problems;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const [field, ...inner] = issue.path;
  if (issue.code === "unrecognized_keys") {
    const place = field === undefined ? "" : ` in ${String(field)}`;
    return issue.keys.map((key) => `unknown field ${quoteKey(key)}${place}`).join("; ");
  }
  if (field === undefined) return `body ${issue.message}`;
  // Whose keys are the producer's own is not looked into.
  if (field === "metadata") return `metadata ${issue.message}`;
  return `${[field, ...inner].join(".")} ${issue.message}`;
}
