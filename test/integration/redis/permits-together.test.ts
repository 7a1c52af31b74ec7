import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Quota } from "../../../shared/domain/quota.ts";
import type { PermitReply } from "../../../shared/domain/permit.ts";
import { ledgerKeys } from "../../../shared/redis/ledger/ledger-keys.ts";
import { LEDGER_RULES } from "../../../shared/redis/ledger/ledger-rules.ts";
import { QuotaLedger, type LedgerSettings } from "../../../shared/redis/ledger/quota-ledger.ts";
import { granted } from "../../support/clocked-ledger.ts";
import { sampleLedgerSettings } from "../../support/sample-ledger-settings.ts";
import { testRedis } from "../../support/test-redis.ts";

const { TOGETHER_MS } = LEDGER_RULES;
/** Spaced by a tenth of a millisecond: as good as no quota. */
const WIDE: Quota = [{ calls: 10_000, windowMs: 1_000 }];

let redis: Redis;
let settings: LedgerSettings;
let ledger: QuotaLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  settings = sampleLedgerSettings({ quota: WIDE, strikesPerDay: 100 });
  ledger = openLedger();
});
afterEach(() => redis.del(Object.values<string>({ ...keys() })));

const keys = () => ledgerKeys(settings);
const openLedger = (changes: Partial<LedgerSettings> = {}) =>
  new QuotaLedger(redis, { ...settings, ...changes });

/** All permits of an answer. */
function permitsOf(reply: PermitReply) {
  const { permit, further } = granted(reply);
  return [permit, ...further];
}

it("as many are granted as are wanted, each with an id and a start of its own, all of them on record", async () => {
  const permits = permitsOf(await ledger.permit(1, 4, 16));
  expect(permits).toHaveLength(16);
  const ids = permits.map(({ id }) => id);
  expect(new Set(ids).size).toBe(16);
  expect(new Set(await redis.zrange(keys().log, "0", "-1"))).toEqual(new Set(ids));
  const starts = permits.map((permit) => permit.startsInMs());
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

it("each can be given back and answered like any other", async () => {
  const [first, second, third] = permitsOf(await ledger.permit(1, 4, 3));
  if (first === undefined || second === undefined || third === undefined) throw new Error("too few");
  await ledger.unused(second.id);
  await ledger.answered(third.id, 0);
  const log = await redis.zrange(keys().log, "0", "-1", "WITHSCORES");
  expect(log.filter((_, index) => index % 2 === 0)).toEqual([third.id, first.id]);
});

it("no window admits one more for it", async () => {
  ledger = openLedger({ quota: [...WIDE, { calls: 5, windowMs: 60_000 }] });
  expect(permitsOf(await ledger.permit(1, 4, 16))).toHaveLength(5);
  expect(await ledger.permit(1, 4, 16)).toMatchObject({ kind: "wait" });
});

it("where calls are spaced, others can have the next ones", async () => {
  ledger = openLedger({ quota: [{ calls: 20, windowMs: 1_000 }] });
  expect(permitsOf(await ledger.permit(1, 4, 16))).toHaveLength(1);
  // Spaced by 4.85 ms: those that start within TOGETHER_MS.
  ledger = openLedger({ quota: [{ calls: 200, windowMs: 1_000 }] });
  await redis.del(Object.values<string>({ ...keys() }));
  expect(permitsOf(await ledger.permit(1, 4, 16))).toHaveLength(Math.floor(TOGETHER_MS / 4.85) + 1);
});

it("there are never more under way than strikes left", async () => {
  ledger = openLedger({ strikesPerDay: 7 });
  const counts: number[] = [];
  for (let question = 0; question < 3; question += 1)
    counts.push(permitsOf(await ledger.permit(1, 4, 16)).length);
  // Half of the places each time: another replica finds some, too.
  expect(counts).toEqual([4, 2, 1]);
  expect(await ledger.permit(1, 4, 16)).toMatchObject({ kind: "wait" });
});

it("a probe is alone", async () => {
  const [permit] = permitsOf(await ledger.permit(1, 4));
  await ledger.signal(permit?.id ?? "", { kind: "banned", code: "40006 isv.app-api-punished" }, 10);
  await redis.hset(keys().freeze, "until", Date.now() - 60_000);
  expect(await ledger.permit(1, 4, 16)).toMatchObject({ kind: "granted", isProbe: true, further: [] });
});
