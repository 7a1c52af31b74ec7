import { z } from "zod";
import { ORIGINAL_PREFIX, RISK_HEADERS } from "../../shared/amqp/risk-headers.ts";
import { deadLetterSchema } from "../../shared/domain/dead-letter.ts";
import { EXAMPLE_DEAD_LETTER_HEADERS } from "./example-messages.ts";
import { withNotes, withoutSafeBounds, type FieldNote, type JsonSchema } from "./json-schema.ts";

/** What a dead letter says beside what the journal keeps of it. */
const headersSchema = z.looseObject({
  ...deadLetterSchema.shape,
  bodySha256: z.string().regex(/^[0-9a-f]{64}$/),
  cause: z.string().optional(),
  dropped: z.string().optional(),
});

type Field = keyof typeof headersSchema.shape;

const NOTES: Readonly<Record<Field, FieldNote>> = {
  reason: { description: "Why the transaction left the flow; also the routing key." },
  detail: { description: "One line a person understands: which field, which rule; no personal data." },
  code: { description: "The gateway's code and sub-code; absent where it gave none." },
  cause: {
    description:
      "What became of the last call where the gateway gave no code: timeout, reset, oversize, unreadable, unsigned-success, wrong-signature or http-NNN.",
  },
  attempts: { description: "API calls made for this transaction." },
  replays: { description: "How often it was replayed." },
  failedAt: { description: "ISO 8601 with milliseconds and offset.", format: "date-time" },
  worker: { description: "Which replica." },
  bodySha256: { description: "By which copies are recognised." },
  dropped: {
    description:
      "Names of the producer's headers and properties that could not be written again, comma-separated; absent where all could.",
  },
};

const DESCRIPTION = `The headers of a dead letter, beside those that the producer set. What of these would change the \
message's way or its life is kept under ${ORIGINAL_PREFIX}. The broker's own dead letters (a wrong routing key) have none of them.`;

/** The headers of a dead letter that a worker published; a JSON Schema of the table of headers. */
export function deadLetterHeadersJsonSchema(): JsonSchema {
  const { $schema, ...fields } = z.toJSONSchema(headersSchema, { override: withoutSafeBounds });
  const { properties, required, ...schema } = withNotes(fields, NOTES);
  const headers = Object.entries(properties ?? {}).map(([field, rules]) => [headerOf(field), rules] as const);
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "urn:riskline:dead-letter-headers:1",
    title: "Headers of a dead letter",
    description: DESCRIPTION,
    ...schema,
    properties: Object.fromEntries(headers),
    required: (required ?? []).map(headerOf),
    examples: [EXAMPLE_DEAD_LETTER_HEADERS],
  };
}

function headerOf(field: string): string {
  const found = Object.entries(RISK_HEADERS).find(([name]) => name === field);
  if (found === undefined) throw new Error(`no header for ${field}`);
  return found[1];
}
