import { z } from "zod";

/** From the mildest to the strictest. */
export const VERDICTS = ["approve", "review", "decline"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Where a verdict comes from, apart from other scorers. */
export const RESULT_SOURCES = ["alipay", "cache", "below-threshold", "fallback"] as const;

/** The verdict on one transaction, as it is published and stored (contract, section 3). */
export const riskResultSchema = z.object({
  schemaVersion: z.literal(1),
  transactionId: z.string(),
  verdict: z.enum(VERDICTS),
  /** 0 to 1; null where nothing was scored: `source` then says why the verdict is what it is. */
  riskScore: z.number().min(0).max(1).nullable(),
  ruleCodes: z.array(z.string()),
  /** Where the verdict comes from. */
  source: z.union([z.enum(RESULT_SOURCES), z.templateLiteral(["provider:", z.string()])]),
  /** 1; a higher one replaces a fallback by the true score. */
  revision: z.int().positive(),
  /** API calls made for this transaction, over all workers, crashes and redeliveries. */
  attempts: z.int().nonnegative(),
  /** What those calls cost: decimal text, up to four decimals. */
  cost: z.strictObject({ value: z.string(), currency: z.literal("CNY") }),
  /** The gateway's trace id, or null. */
  traceId: z.string().nullable(),
  /** ISO 8601 with milliseconds and offset. */
  decidedAt: z.string(),
  /** As the transaction brought it; absent where it brought none. */
  metadata: z.record(z.string(), z.string()).optional(),
});

export type RiskResult = z.infer<typeof riskResultSchema>;

/** Scores that part the verdicts: review from `reviewAt` on, decline from `declineAt` on. */
export interface VerdictLimits {
  readonly reviewAt: number;
  readonly declineAt: number;
}

/** `riskScore`: 0 to 1, more is riskier. A score at a limit belongs to the stricter side. */
export function verdictOf(riskScore: number, limits: VerdictLimits): Verdict {
  if (riskScore >= limits.declineAt) return "decline";
  if (riskScore >= limits.reviewAt) return "review";
  return "approve";
}
