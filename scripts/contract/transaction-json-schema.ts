import { z } from "zod";
import { transactionSchema } from "../../shared/domain/transaction.ts";
import { amountRules } from "./amount-rules.ts";
import { EXAMPLE_TRANSACTION } from "./example-messages.ts";
import { withNotes, type FieldNote, type JsonSchema } from "./json-schema.ts";

const NOTES: Readonly<Record<keyof typeof transactionSchema.shape, FieldNote>> = {
  schemaVersion: { description: "Of this format." },
  transactionId: {
    description:
      "The key of everything: the same id is the same transaction, and with other content it is a conflict.",
  },
  rail: { description: "How it is paid. Only alipay can be scored by Alipay." },
  userId: { description: "The payer. No invisible format characters, also beyond U+FFFF." },
  merchantId: { description: "The payee. No invisible format characters, also beyond U+FFFF." },
  merchantCategoryCode: { description: "ISO 18245, as text: 0742 is not 742." },
  amount: {
    description:
      "Decimal text in the currency's major unit, from its smallest unit to 100,000,000, with at most as many decimals " +
      "as ISO 4217 gives it; fewer are filled with zeros.",
  },
  deviceFingerprint: {
    description: "Of the device that pays. No invisible format characters, also beyond U+FFFF.",
  },
  geolocation: { description: "Where the device is, in degrees." },
  occurredAt: {
    description:
      "ISO 8601 with seconds and offset; date and time must exist. Finer than milliseconds is cut off.",
  },
  decideBy: {
    description:
      "After this moment an answer is of no use to the payer. Later than occurredAt, by at most 24 hours; date and time must exist.",
  },
  metadata: {
    description: "The producer's own; comes back in the result. The key __proto__ is refused.",
  },
};

const DESCRIPTION = `What a producer publishes. JSON in UTF-8 without byte order mark, at most 65,536 bytes.

Beyond what this schema says, these are refused: a key that stands twice in one object, a number that a double does not hold \
exactly (beyond ±9007199254740991), half a surrogate pair, more than 66 keys altogether, and what the fields describe in words.`;

/** A transaction as producers in any language write it. What the parser takes, this takes. */
export function transactionJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(transactionSchema, {
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === transactionSchema.shape.amount) Object.assign(jsonSchema, amountRules());
    },
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "urn:riskline:transaction:1",
    title: "Transaction",
    description: DESCRIPTION,
    ...withNotes(schema, NOTES),
    examples: [EXAMPLE_TRANSACTION],
  };
}
