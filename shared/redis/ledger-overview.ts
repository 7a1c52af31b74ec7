import { z } from "zod";
import { formatInstant } from "../domain/instant.ts";
import type { Quota, QuotaWindow } from "../domain/quota.ts";
import type { RedisClient } from "./connection.ts";
import { ledgerKeys } from "./ledger-keys.ts";
import { LEDGER_RULES } from "./ledger-rules.ts";

/** What the ledger says at one moment, as permit.lua would judge it. All times are Redis'. */
export interface LedgerOverview {
  readonly nowMs: number;
  /** The windows that hold, and the calls that each counts now. */
  readonly windows: readonly (QuotaWindow & { readonly used: number })[];
  /** Whether replicas asked for permits in the last minute; where none did, the windows are those configured here. */
  readonly isInUse: boolean;
  /** Replicas run with different quotas, and the strictest of each window counts. */
  readonly quotasDisagree: boolean;
  /** From the start of one call to the earliest start of the next. */
  readonly spacingMs: number;
  /** Undefined where no call is on record; in the future where one is promised. */
  readonly lastCallAtMs: number | undefined;
  /** Calls may be missing on record, until the longest window has passed since a first start or a loss of data. */
  readonly isPastUnknown: boolean;
  /** Until the full rate is back after a limit answer; 0 where the brake is off. */
  readonly brakeRemainingMs: number;
  /** Until the gateway may be asked again, as it said itself; 0 where it did not. */
  readonly patienceRemainingMs: number;
  /** Limit answers in the last 24 hours. */
  readonly strikes: number;
  readonly holds: readonly HoldOverview[];
}

/** Calls stand still; one of them finds out whether that is over when the time has come. */
export interface HoldOverview {
  readonly kind: string;
  /** The gateway's code that brought it about. */
  readonly code: string;
  readonly sinceMs: number;
  /** Until a probe is made; 0 where one is due. */
  readonly remainingMs: number;
  /** The replica that met it. */
  readonly by: string;
}

/** What was paid for calls on one day at Alipay. */
export interface Spend {
  /** "2026-11-23", by China's clock. */
  readonly day: string;
  readonly calls: number;
  readonly tenThousandths: number;
}

const {
  BRAKE_RELEASE_MS,
  LONGEST_BY_SECOND_MS,
  LONGEST_GAP_MS,
  LONGEST_LOGGED_MS,
  PACE,
  QUOTA_MEMORY_MS,
  STRIKE_MEMORY_MS,
} = LEDGER_RULES;

const count = z.coerce.number().default(0);
const stateSchema = z.object({
  lastStart: count,
  brakedAt: count,
  patienceUntil: count,
  unknownBefore: count,
});
const holdSchema = z.object({
  kind: z.string(),
  code: z.string(),
  since: z.coerce.number(),
  until: z.coerce.number(),
  by: z.string(),
});
const spendSchema = z.object({ calls: count, tenThousandths: count });

/** Reads the ledger of an application at a gateway without changing it. `configured` is this machine's own quota. */
export async function readLedgerOverview(
  client: RedisClient,
  application: { readonly appId: string; readonly gatewayUrl: string },
  configured: Quota,
): Promise<LedgerOverview> {
  const keys = ledgerKeys({ ...application, credentialsId: "" });
  const nowMs = await readTime(client);
  const [state, quotaTexts, strikes, freezes, permissions] = await Promise.all([
    client.hgetall(keys.state).then((fields) => stateSchema.parse(fields)),
    client.zrangebyscore(keys.quotas, nowMs - QUOTA_MEMORY_MS, "+inf"),
    client.zcount(keys.strikes, nowMs - STRIKE_MEMORY_MS, "+inf"),
    readHolds(client, [keys.freeze], nowMs),
    findKeys(client, keys.permission.replace(/[^:]*$/, "*")).then((found) => readHolds(client, found, nowMs)),
  ]);
  const quota = quotaTexts.length === 0 ? configured : strictest(quotaTexts);
  const windows = quota.map(async (window) => ({
    ...window,
    used: await countCalls(client, keys, window, nowMs),
  }));
  const longestMs = Math.max(...quota.map(({ windowMs }) => windowMs));
  const brakeRemainingMs = Math.max(0, state.brakedAt + BRAKE_RELEASE_MS - nowMs);
  return {
    nowMs,
    windows: await Promise.all(windows),
    isInUse: quotaTexts.length > 0,
    quotasDisagree: quotaTexts.length > 1,
    spacingMs: spacingOf(quota, brakeRemainingMs),
    lastCallAtMs: state.lastStart === 0 ? undefined : state.lastStart,
    isPastUnknown: nowMs < state.unknownBefore + longestMs,
    brakeRemainingMs,
    patienceRemainingMs: Math.max(0, state.patienceUntil - nowMs),
    strikes,
    holds: [...freezes, ...permissions],
  };
}

/** Reads what an installation's calls of today cost. */
export async function readSpendToday(client: RedisClient, namespace: string): Promise<Spend> {
  const day = formatInstant(await readTime(client)).slice(0, 10);
  return { day, ...spendSchema.parse(await client.hgetall(`${namespace}:spend:${day}`)) };
}

async function readTime(client: RedisClient): Promise<number> {
  const [seconds = 0, microseconds = 0] = await client.time();
  return seconds * 1_000 + Math.floor(microseconds / 1_000);
}

/** Of each window that any replica knows the fewest calls. */
function strictest(quotaTexts: readonly string[]): Quota {
  const callsOf = new Map<number, number>();
  for (const [, calls, windowMs] of quotaTexts.join(",").matchAll(/(\d+)\/(\d+)/g)) {
    const known = callsOf.get(Number(windowMs)) ?? Infinity;
    callsOf.set(Number(windowMs), Math.min(known, Number(calls)));
  }
  return [...callsOf]
    .map(([windowMs, calls]) => ({ calls, windowMs }))
    .toSorted((a, b) => a.windowMs - b.windowMs);
}

function spacingOf(quota: Quota, brakeRemainingMs: number): number {
  const [shortest] = quota;
  const gapMs = shortest === undefined ? 0 : (PACE * shortest.windowMs) / shortest.calls;
  const freeMs = Math.min(gapMs, LONGEST_GAP_MS);
  if (brakeRemainingMs === 0) return freeMs;
  const sustainedMs = Math.max(...quota.map(({ calls, windowMs }) => windowMs / calls));
  return Math.max(freeMs, sustainedMs * (1 + brakeRemainingMs / BRAKE_RELEASE_MS));
}

/** Up to a minute each call is on record, beyond it their number in each second, beyond an hour in each minute. */
async function countCalls(
  client: RedisClient,
  keys: ReturnType<typeof ledgerKeys>,
  { windowMs }: QuotaWindow,
  nowMs: number,
): Promise<number> {
  const from = nowMs - windowMs;
  if (windowMs <= LONGEST_LOGGED_MS) return client.zcount(keys.log, `(${from}`, "+inf");
  const [key, stepMs] = windowMs <= LONGEST_BY_SECOND_MS ? [keys.seconds, 1_000] : [keys.minutes, 60_000];
  const steps = Object.entries(await client.hgetall(key));
  const inside = steps.filter(([step]) => Number(step) >= Math.floor(from / stepMs));
  return inside.reduce((sum, [, calls]) => sum + Number(calls), 0);
}

async function readHolds(
  client: RedisClient,
  keys: readonly string[],
  nowMs: number,
): Promise<HoldOverview[]> {
  const found = await Promise.all(keys.map((key) => client.hgetall(key)));
  return found.flatMap((fields) => {
    const hold = holdSchema.safeParse(fields);
    if (!hold.success) return []; // none: the hash is empty
    const { kind, code, since, until, by } = hold.data;
    return [{ kind, code, sinceMs: since, remainingMs: Math.max(0, until - nowMs), by }];
  });
}

/** Whose credentials are held is not known here, so their keys have to be looked for. */
async function findKeys(client: RedisClient, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await client.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...found];
}
