import { z } from "zod";
import type { DeadLetter } from "../../domain/dead-letter.ts";
import { outcomeSchema } from "../../domain/outcome.ts";
import type { RedisClient } from "../connection.ts";
import { journalKeys } from "./journal-keys.ts";
import { readJson } from "../read-json.ts";
import { readable } from "../readable.ts";

/** What Redis knows of a transaction. */
export type ReadResult =
  /** The result's JSON as it is stored and was published. */
  | { readonly kind: "result"; readonly json: string }
  /** It had a result, which is no longer kept. */
  | { readonly kind: "expired" }
  | { readonly kind: "dead-letter"; readonly deadLetter: DeadLetter }
  /** It has no outcome yet; so many API calls were made for it. */
  | { readonly kind: "unsettled"; readonly calls: number }
  | { readonly kind: "unknown" }
  /** This key holds what no version of ours wrote. */
  | { readonly kind: "unreadable"; readonly key: string };

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
  const resultKey = keys.result(transactionId);
  const json = await readable(resultKey, () => client.get(resultKey));
  if (json !== null) {
    return readJson(json) === undefined ? { kind: "unreadable", key: resultKey } : { kind: "result", json };
  }
  const journalKey = keys.journal(transactionId);
  const fields = await readable(journalKey, () => client.hmget(journalKey, "kind", "body", "calls"));
  const journal = readJournal(fields);
  return journal ?? { kind: "unreadable", key: journalKey };
}

/** Undefined where no version of ours wrote it. */
function readJournal(fields: unknown): ReadResult | undefined {
  const journal = journalSchema.safeParse(fields);
  if (!journal.success) return undefined;
  const [kind, body, calls] = journal.data;
  if (kind === "result") return { kind: "expired" };
  if (kind === null) return calls === null ? { kind: "unknown" } : { kind: "unsettled", calls };
  const outcome = outcomeSchema.safeParse({ kind, deadLetter: readJson(body ?? "") }).data;
  return outcome?.kind === "dead-letter" ? outcome : undefined;
}
