import { z } from "zod";
import { deadLetterSchema, type DeadLetter } from "./dead-letter.ts";
import { riskResultSchema, type RiskResult } from "./risk-result.ts";

/** How a transaction ended, as the journal keeps it: exactly one of the two, and the first one stored wins. */
export type Outcome =
  | { readonly kind: "result"; readonly result: RiskResult }
  | { readonly kind: "dead-letter"; readonly deadLetter: DeadLetter };

/** Reads a stored outcome. What a newer replica added is kept: a repeated answer must not say less. */
export const outcomeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("result"), result: z.looseObject(riskResultSchema.shape) }),
  z.object({ kind: z.literal("dead-letter"), deadLetter: z.looseObject(deadLetterSchema.shape) }),
]);
