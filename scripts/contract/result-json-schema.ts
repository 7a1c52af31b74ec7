import { z } from "zod";
import { riskResultSchema } from "../../shared/domain/risk-result.ts";
import { EXAMPLE_RESULT } from "./example-messages.ts";
import { withNotes, withoutSafeBounds, type FieldNote, type JsonSchema } from "./json-schema.ts";

const NOTES: Readonly<Record<keyof typeof riskResultSchema.shape, FieldNote>> = {
  schemaVersion: { description: "Of this format." },
  transactionId: { description: "The transaction's." },
  verdict: { description: "What to do with the payment; the limits are the operator's." },
  riskScore: {
    description: "Null where nothing was scored: source then says why the verdict is what it is.",
  },
  ruleCodes: { description: "The gateway's, as they came." },
  source: {
    description:
      "Who says so: alipay (scored now), cache (a returning user's stored score), below-threshold (too small to score), " +
      "fallback (nobody could answer before decideBy: a verdict by policy), provider:NAME (another scorer).",
  },
  revision: {
    description:
      "1; a higher one replaces an earlier result. The same transaction and revision never differ.",
  },
  attempts: { description: "API calls made for this transaction, by any worker." },
  cost: { description: "What those calls cost: decimal text with two to four decimals." },
  traceId: { description: "The gateway's." },
  decidedAt: { description: "ISO 8601 with milliseconds and offset.", format: "date-time" },
  metadata: { description: "As the transaction brought it; absent where it brought none." },
};

const DESCRIPTION = `The verdict on one transaction, as it is published and stored in Redis. It comes at least once: ignore a \
pair of transactionId and revision that was seen. Fields may be added without a new schemaVersion: ignore what is unknown.`;

/** A result as payment systems read it: open, so that a field that is added later breaks nobody. */
export function resultJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(z.looseObject(riskResultSchema.shape), {
    override: withoutSafeBounds,
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "urn:riskline:result:1",
    title: "Result",
    description: DESCRIPTION,
    ...withNotes(schema, NOTES),
    examples: [EXAMPLE_RESULT],
  };
}
