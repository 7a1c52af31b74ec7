import { z } from "zod";
import { deadLetterSchema } from "./dead-letter.ts";
import { riskResultSchema } from "./risk-result.ts";

/** How a transaction ended, as the journal keeps it: exactly one of the two, and the first one stored wins. */
export const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("result"), result: riskResultSchema }),
  z.strictObject({ kind: z.literal("dead-letter"), deadLetter: deadLetterSchema }),
]);

export type Outcome = z.infer<typeof outcomeSchema>;
