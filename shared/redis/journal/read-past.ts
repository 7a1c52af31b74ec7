import { z } from "zod";
import type { StoredScore } from "../../domain/claim.ts";
import { isWritableInstant } from "../../domain/instant.ts";
import type { Past } from "../../domain/letters/prospect.ts";
import type { RedisClient } from "../connection.ts";
import { journalKeys } from "./journal-keys.ts";
import type { Pseudonymise } from "./pseudonym.ts";
import { readJson } from "../read-json.ts";
import { readScore } from "./read-score.ts";

/** What the journal knows of a transaction, for who looks at its dead letter. */
export interface JournalPast extends Omit<Past, "isSameContent"> {
  readonly digest: string;
  /** When each recorded call was made; calls that only a dead letter knew of are not among them. */
  readonly sentAtMs: readonly number[];
  /** What its result comes from. */
  readonly source: string | undefined;
  /** Why it is a dead letter now. */
  readonly failure: { readonly reason: string; readonly code: string | undefined } | undefined;
  /** Somebody works on it until then. */
  readonly leaseUntilMs: number;
}

const FIELDS = [
  "digest",
  "kind",
  "body",
  "calls",
  "forgiven",
  "replays",
  "instances",
  "firstAt",
  "sentAt",
  "leaseUntil",
] as const;

const count = z.coerce.number().catch(0);
const fieldsSchema = z.tuple([
  z.string(),
  z.enum(["result", "dead-letter"]).nullable(),
  z.string().nullable(),
  count,
  count,
  count,
  z.string().nullable(),
  z.coerce.number().positive().refine(isWritableInstant).optional().catch(undefined),
  z.string().nullable(),
  count,
]);
const resultSchema = z.object({ source: z.string() });
const failureSchema = z.object({ reason: z.string(), code: z.string().optional() });

/** Reads what the journal knows of transactions, in their order, in one round trip; undefined of one it does not know. */
export async function readPasts(
  client: RedisClient,
  namespace: string,
  transactionIds: readonly string[],
): Promise<(JournalPast | undefined)[]> {
  if (transactionIds.length === 0) return [];
  const pipeline = client.pipeline();
  const keys = journalKeys(namespace);
  for (const id of transactionIds) pipeline.hmget(keys.journal(id), ...FIELDS);
  return ((await pipeline.exec()) ?? []).map(([error, fields]) => {
    if (error !== null) throw error;
    const known = fieldsSchema.safeParse(fields);
    return known.success ? readPast(known.data) : undefined;
  });
}

function readPast(fields: z.infer<typeof fieldsSchema>): JournalPast {
  const [digest, kind, body, calls, forgiven, replays, instances, firstAtMs, sentAt, leaseUntilMs] = fields;
  const result = kind === "result" ? resultSchema.safeParse(readJson(body ?? "")) : undefined;
  const failure = kind === "dead-letter" ? failureSchema.safeParse(readJson(body ?? "")) : undefined;
  return {
    digest,
    kind: kind ?? undefined,
    calls,
    forgiven,
    replays,
    instances: listOf(instances),
    firstAtMs,
    sentAtMs: listOf(sentAt).map(Number).filter(isWritableInstant),
    source: result?.data?.source,
    failure: failure?.success === true ? { reason: failure.data.reason, code: failure.data.code } : undefined,
    leaseUntilMs,
  };
}

const listOf = (text: string | null): string[] => (text ?? "").split(",").filter((item) => item !== "");

/** The scores stored for payers, in their order. */
export async function readScores(
  client: RedisClient,
  namespace: string,
  pseudonymise: Pseudonymise,
  userIds: readonly string[],
): Promise<(StoredScore | undefined)[]> {
  if (userIds.length === 0) return [];
  const keys = journalKeys(namespace);
  const scores = await client.mget(userIds.map((id) => keys.score(pseudonymise(id))));
  return scores.map(readScore);
}
