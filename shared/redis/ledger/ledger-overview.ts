import { z } from "zod";
import { isWritableInstant } from "../../domain/instant.ts";
import type { Quota, QuotaWindow } from "../../domain/quota.ts";
import type { RedisClient } from "../connection.ts";
import { findKeys } from "../find-keys.ts";
import { ledgerKeys, scriptKeys } from "./ledger-keys.ts";
import { loadLedgerScript } from "./ledger-script.ts";
import { pairs } from "../pairs.ts";
import { readable } from "../readable.ts";

/** One window as it is now. */
export interface WindowOverview extends QuotaWindow {
  /** Calls that it counts. */
  readonly used: number;
  /** Calls that it admits: fewer than `calls` where limit answers taught less. May have a fraction. */
  readonly effective: number;
}

/** What the ledger says at one moment, as permit.lua judges it. All times are Redis'. */
export interface LedgerOverview {
  readonly nowMs: number;
  /** The windows that hold, shortest first. */
  readonly windows: readonly WindowOverview[];
  /** Whether a replica was heard of in the last minute; where none was, the windows are those configured here. */
  readonly isInUse: boolean;
  /** Replicas run with different quotas. */
  readonly quotasDisagree: boolean;
  /** The quota that an operator set for all replicas, instead of theirs. */
  readonly setQuota: SetQuota | undefined;
  /** From the start of one call to the earliest start of the next. */
  readonly spacingMs: number;
  /** Undefined where no call is on record; in the future where one is promised. */
  readonly lastCallAtMs: number | undefined;
  /** Calls may be missing on record, until the longest window has passed since a first start or a loss of data. */
  readonly isPastUnknown: boolean;
  /** For so long after a limit answer nobody makes a last call; 0 where the brake is off. */
  readonly brakeRemainingMs: number;
  /** Until the full rate is back after a hold; 0 where it is. */
  readonly rampRemainingMs: number;
  /** Until the gateway may be asked again, as it said itself or for the limit answer's sake; 0 where it may. */
  readonly patienceRemainingMs: number;
  /** Limit answers in the last 24 hours. */
  readonly strikes: number;
  /** Unanswered or promised. */
  readonly callsUnderWay: number;
  /** Those heard of in the last minute. */
  readonly replicas: readonly ReplicaOverview[];
  /** Those that concern all replicas, or all that use the same credentials. */
  readonly holds: readonly HoldOverview[];
}

/** A replica as it was last heard of. */
export interface ReplicaOverview {
  readonly name: string;
  readonly seenAgoMs: number;
  /** What holds it alone. */
  readonly hold: HoldOverview | undefined;
}

/** The quota that an operator set for all replicas; `atMs` as Unix milliseconds. */
export interface SetQuota {
  readonly quota: Quota;
  readonly by: string;
  readonly atMs: number;
  readonly reason: string;
}

/** Calls stand still; one of them finds out whether that is over when the time has come. */
export interface HoldOverview {
  readonly kind: string;
  /** The gateway's code that brought it about, or the operator's reason. */
  readonly code: string;
  readonly sinceMs: number;
  /** Until a probe is made; 0 where one is due. */
  readonly remainingMs: number;
  /** The replica that met it, or the operator. */
  readonly by: string;
}

const count = z.coerce.number().default(0);
const instant = z.coerce.number().refine(isWritableInstant);
/** Lua writes an empty table as an object. */
const flatList = z.union([z.array(z.string()), z.strictObject({}).transform(() => [])]);

const overviewSchema = z.object({
  nowMs: z.coerce.number(),
  windows: z.array(
    z.object({
      windowMs: z.number(),
      calls: z.number(),
      effective: z.number(),
      used: z.number(),
    }),
  ),
  quotas: z.number(),
  spacingMs: z.number(),
  lastStart: instant.default(0),
  unknownBefore: count,
  filledAt: count,
  brakeRemainingMs: z.number(),
  rampRemainingMs: z.number(),
  patienceRemainingMs: z.number(),
  strikes: z.number(),
  callsUnderWay: z.number(),
  replicas: flatList,
  replicaHolds: flatList,
  setQuota: z.tuple([z.string(), z.string(), instant, z.string()]).optional(),
});

const holdSchema = z.object({
  kind: z.string(),
  code: z.string(),
  since: instant,
  until: z.coerce.number(),
  by: z.string(),
});

/** A hold as Redis keeps it. */
export type StoredHold = z.infer<typeof holdSchema>;

/** The quota as the ledger's scripts take and keep it: "20/1000,600/60000", calls/ms. */
export const quotaText = (quota: Quota): string =>
  quota.map(({ calls, windowMs }) => `${calls}/${windowMs}`).join(",");

/** Reads what ledger.lua's `overview` wrote; with holds, as `parseHold` gives them. @throws ZodError, SyntaxError */
export function parseOverview(json: string, holds: readonly (StoredHold | undefined)[]): LedgerOverview {
  const { quotas, lastStart, unknownBefore, filledAt, replicas, replicaHolds, setQuota, ...said } =
    overviewSchema.parse(JSON.parse(json));
  const longestMs = Math.max(...said.windows.map(({ windowMs }) => windowMs));
  return {
    ...said,
    isInUse: replicas.length > 0,
    quotasDisagree: quotas > 1,
    setQuota: setQuota && {
      quota: parseQuotaText(setQuota[0]),
      by: setQuota[1],
      atMs: setQuota[2],
      reason: setQuota[3],
    },
    lastCallAtMs: lastStart === 0 ? undefined : lastStart,
    isPastUnknown: filledAt === 0 && said.nowMs < unknownBefore + longestMs,
    replicas: readReplicas(replicas, readReplicaHolds(replicaHolds, said.nowMs), said.nowMs),
    holds: holds.flatMap((hold) => overviewOf(hold, said.nowMs)),
  };
}

/** Reads the ledger of an application at a gateway without changing it. `configured` is this machine's own quota. */
export async function readLedgerOverview(
  client: RedisClient,
  application: { readonly appId: string; readonly gatewayUrl: string },
  configured: Quota,
): Promise<LedgerOverview> {
  const keys = ledgerKeys({ ...application, credentialsId: "" });
  const look = loadLedgerScript(client, "look");
  const everyKey = keys.log.replace(/[^:]*$/, "*");
  const [json, permissions] = await Promise.all([
    readable(everyKey, async () => z.string().parse(await look(scriptKeys(keys), [quotaText(configured)]))),
    findKeys(client, keys.permission.replace(/[^:]*$/, "*")),
  ]);
  const holds = await Promise.all(
    [keys.freeze, ...permissions].map((key) =>
      readable(key, async () => parseHold(await client.hgetall(key))),
    ),
  );
  return readable(everyKey, async () => parseOverview(json, holds));
}

/** What a hash says of a hold; undefined where there is none. @throws ZodError */
export function parseHold(fields: Readonly<Record<string, string>>): StoredHold | undefined {
  return Object.keys(fields).length === 0 ? undefined : holdSchema.parse(fields);
}

function overviewOf(hold: StoredHold | undefined, nowMs: number): HoldOverview[] {
  if (hold === undefined) return [];
  const { kind, code, since, until, by } = hold;
  return [{ kind, code, sinceMs: since, remainingMs: Math.max(0, until - nowMs), by }];
}

function parseQuotaText(text: string): Quota {
  return [...text.matchAll(/(\d+)\/(\d+)/g)].map(([, calls, windowMs]) => ({
    calls: Number(calls),
    windowMs: Number(windowMs),
  }));
}

function readReplicas(
  flat: readonly string[],
  holds: ReadonlyMap<string, HoldOverview>,
  nowMs: number,
): ReplicaOverview[] {
  return pairs(flat).map(([name, seenAt]) => ({
    name,
    seenAgoMs: Math.max(0, nowMs - Number(seenAt)),
    hold: holds.get(name),
  }));
}

function readReplicaHolds(flat: readonly string[], nowMs: number): ReadonlyMap<string, HoldOverview> {
  return new Map(
    pairs(flat).flatMap(([name, json]) =>
      overviewOf(holdSchema.parse(JSON.parse(json)), nowMs).map((hold) => [name, hold] as const),
    ),
  );
}
