import { z } from "zod";

/** Why a transaction left the flow for good; also the routing key on the dead-letter exchange. */
export const DEAD_LETTER_REASONS = [
  "malformed",
  "unsupported-rail",
  "rejected",
  "attempts-exhausted",
  "conflict",
  "expired",
  "poisoned",
] as const;

/** More replays are not counted, nor believed. */
export const MOST_REPLAYS = 1_000_000;

/** What the `x-risk-…` headers of a dead letter say. Stored, so that a repeated dead letter says the same. */
export const deadLetterSchema = z.strictObject({
  reason: z.enum(DEAD_LETTER_REASONS),
  /** One line a person understands: which field, which rule; no personal data. */
  detail: z.string(),
  /** The gateway's code and sub-code, where there was one. */
  code: z.string().optional(),
  /** API calls made for this transaction. */
  attempts: z.int().nonnegative(),
  /** How often it was replayed. */
  replays: z.int().nonnegative(),
  /** ISO 8601. */
  failedAt: z.string(),
  /** Which replica. */
  worker: z.string(),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;
export type DeadLetterReason = DeadLetter["reason"];
