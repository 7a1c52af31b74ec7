import { z } from "zod";
import type { DeadLetter } from "../domain/dead-letter.ts";
import type { RedisClient } from "./connection.ts";
import { journalKeys } from "./journal-keys.ts";
import { readOutcome } from "./read-outcome.ts";

/** What Redis knows of a transaction. */
export type ReadResult =
  /** The result's JSON as it is stored and was published. */
  | { readonly kind: "result"; readonly json: string }
  /** It had a result, which is no longer kept. */
  | { readonly kind: "expired" }
  | { readonly kind: "dead-letter"; readonly deadLetter: DeadLetter }
  /** It has no outcome yet; so many API calls were made for it. */
  | { readonly kind: "unsettled"; readonly calls: number }
  | { readonly kind: "unknown" };

/** The journal of one transaction, as far as it says how it ended. */
const journalSchema = z.tuple([
  z.enum(["result", "dead-letter"]).nullable(),
  z.string().nullable(),
  z.coerce.number().nullable(),
]);

/** Reads how a transaction ended, and changes nothing. */
export async function readResult(
  client: RedisClient,
  namespace: string,
  transactionId: string,
): Promise<ReadResult> {
  const keys = journalKeys(namespace);
  const json = await client.get(keys.result(transactionId));
  if (json !== null) return { kind: "result", json };
  const journal = await client.hmget(keys.journal(transactionId), "kind", "body", "calls");
  const [kind, body, calls] = journalSchema.parse(journal);
  if (kind === "result") return { kind: "expired" };
  if (kind === "dead-letter") {
    const outcome = readOutcome(kind, body ?? "");
    if (outcome.kind === "dead-letter") return outcome;
  }
  return calls === null ? { kind: "unknown" } : { kind: "unsettled", calls };
}
