import { z } from "zod";
import type { StoredScore } from "../../domain/claim.ts";
import { readJson } from "../read-json.ts";

const paymentSchema = z.object({
  device: z.string().optional(),
  amount: z.object({ currency: z.string(), minorUnits: z.number() }).optional(),
  place: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
});

const storedScoreSchema = z.object({
  v: z.literal(1),
  riskScore: z.number().min(0).max(1),
  ruleCodes: z.array(z.string()),
  traceId: z.string().nullable(),
  // What cannot be read was not kept, to us: the payer's next payment counts as changed.
  payment: paymentSchema.optional().catch(undefined),
});

/**
 * A returning user's score. One that cannot be read, or that a newer replica wrote in another form, is no score to us:
 * the call is made.
 */
export function readScore(text: string | null): StoredScore | undefined {
  const score = storedScoreSchema.safeParse(readJson(text ?? ""));
  if (!score.success) return undefined;
  const { riskScore, ruleCodes, traceId, payment } = score.data;
  return { riskScore, ruleCodes, traceId, ...(payment && { payment }) };
}
