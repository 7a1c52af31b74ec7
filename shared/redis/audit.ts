import { z } from "zod";
import { isWritableInstant } from "../domain/instant.ts";
import type { RedisClient } from "./connection.ts";
import { readJson } from "./read-json.ts";
import { redisNow } from "./redis-now.ts";
import { pairs } from "./pairs.ts";
import { readable } from "./readable.ts";

/**
 * What an operator did, when and why. Written by the script that did it, so that neither is without the other; where no
 * script does it, before it is done.
 */
export interface AuditRecord {
  /** The stream's own: its order is that of the acts. */
  readonly id: string;
  /** Such as "quota-freeze". */
  readonly act: string;
  readonly by: string;
  /** By Redis' clock. */
  readonly atMs: number;
  readonly reason: string;
  /** What it was done to; `before` and `after` where something changed. */
  readonly details: Readonly<Record<string, unknown>>;
}

const PAGE = 200;

const detailsSchema = z.record(z.string(), z.unknown());
const fieldsSchema = z.object({
  act: z.string(),
  by: z.string(),
  at: z.coerce.number().refine(isWritableInstant),
  reason: z.string(),
  details: z.string().transform(readJson).pipe(detailsSchema),
});

/** The stream that an installation's acts are added to; nothing is ever taken away from it. */
export const auditKey = (namespace: string): string => `${namespace}:audit`;

export interface AuditReading {
  /** Only the acts of so long ago and since; all of them where it is not given. */
  readonly lastMs?: number | undefined;
  /** Told of each record that no version of ours wrote: it is left out. */
  readonly onUnreadable: (id: string) => void;
}

/** The acts, oldest first. Read in pages. */
export async function* readAudit(
  client: RedisClient,
  namespace: string,
  { lastMs, onUnreadable }: AuditReading,
): AsyncGenerator<AuditRecord> {
  const key = auditKey(namespace);
  let start = lastMs === undefined ? "-" : String(await momentAgo(client, lastMs));
  for (;;) {
    const page = await readable(key, () => client.xrange(key, start, "+", "COUNT", PAGE));
    for (const [id, flat] of page) {
      const record = readRecord(id, flat);
      if (record === undefined) onUnreadable(id);
      else yield record;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    start = `(${last[0]}`;
  }
}

/** Adds an act to the audit. Where a script does the act, that script writes it. */
export async function writeAudit(
  client: RedisClient,
  namespace: string,
  record: Pick<AuditRecord, "act" | "by" | "reason" | "details">,
): Promise<void> {
  const { act, by, reason, details } = record;
  const at = String(await redisNow(client));
  const fields = { v: "1", act, by, at, reason, details: JSON.stringify(details) };
  await client.xadd(auditKey(namespace), "*", ...Object.entries(fields).flat());
}

/** A stream counts whole milliseconds. */
async function momentAgo(client: RedisClient, ms: number): Promise<number> {
  return Math.max(0, Math.floor((await redisNow(client)) - ms));
}

function readRecord(id: string, flat: readonly string[]): AuditRecord | undefined {
  const fields = fieldsSchema.safeParse(Object.fromEntries(pairs(flat)));
  if (!fields.success) return undefined;
  const { at, ...record } = fields.data;
  return { id, ...record, atMs: at };
}
