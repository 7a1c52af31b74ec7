import { z } from "zod";
import { isWritableInstant } from "./instant.ts";

/**
 * What went wrong, of one sort and seen by one replica within a second or so. Told by what may be logged, too: no
 * personal data, no bodies.
 */
export const failureRecordSchema = z.object({
  /** The log's name for it, such as "dead-letter" or "call-failed". */
  event: z.string(),
  /** Why: a dead letter's reason, a hold's kind. */
  reason: z.string().optional(),
  /** The gateway's code, or the system's. */
  code: z.string().optional(),
  /** One line a person understands, of the latest one. */
  detail: z.string().optional(),
  /** Of the latest one, where there was one. */
  transactionId: z.string().optional(),
  count: z.int().positive(),
  /** Of the latest one; milliseconds since the epoch. */
  atMs: z.number().refine(isWritableInstant),
  /** Which replica. */
  worker: z.string(),
});

export type FailureRecord = z.infer<typeof failureRecordSchema>;

/** Which sort it is: failures of one sort are counted together. */
export const sortOf = ({ event, reason, code }: Pick<FailureRecord, "event" | "reason" | "code">): string =>
  JSON.stringify([event, reason, code]);
