import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { Signal } from "../../../shared/domain/permit.ts";
import { closeRedis, createRedis, openRedis } from "../../../shared/redis/connection.ts";
import { ledgerKeys } from "../../../shared/redis/ledger/ledger-keys.ts";
import { QuotaLedger, type LedgerSettings } from "../../../shared/redis/ledger/quota-ledger.ts";
import { busiest } from "../../support/busiest.ts";
import { granted, type Granted } from "../../support/clocked-ledger.ts";
import { sampleLedgerSettings } from "../../support/sample-ledger-settings.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** As the ledger has them. */
const FRESH_FOR_MS = 250;
const HORIZON_MS = 500;
const MARGIN_MS = 5;

const TIMEOUT_MS = 100;
/** A call arrives no later than this after its start. */
const LIFE_MS = FRESH_FOR_MS + TIMEOUT_MS;
/** Redis' clock goes on between two questions; more than this would be a test machine that stands still. */
const SLACK_MS = 150;

const BANNED: Signal = { kind: "banned", code: "40006 isv.app-api-punished" };
const PERMISSION: Signal = { kind: "permission", code: "40006 isv.no-permission" };

let redis: Redis;
let settings: LedgerSettings;
const opened: Redis[] = [];

beforeAll(async () => {
  redis = await openRedis(inject("redisUrl"));
});

afterAll(async () => {
  await closeRedis(redis);
});

beforeEach(() => {
  settings = sampleLedgerSettings({ timeoutMs: TIMEOUT_MS });
});

afterEach(async () => {
  await forget();
  await Promise.all(opened.splice(0).map(closeRedis));
});

const keys = () => ledgerKeys(settings);

const allKeys = () => redis.keys(keys().log.replace(/log$/, "*"));

/** What FLUSHALL does to this ledger. */
async function forget(): Promise<void> {
  const all = await allKeys();
  if (all.length > 0) await redis.del(all);
}

/** A replica's ledger on a connection of its own. */
async function openLedger(changes: Partial<LedgerSettings> = {}): Promise<QuotaLedger> {
  const client = await openRedis(inject("redisUrl"));
  opened.push(client);
  return new QuotaLedger(client, { ...settings, ...changes });
}

const firstCall = (ledger: QuotaLedger) => ledger.permit(1, 4);

/** Ends the wait for a probe, so long ago. */
async function endHold(key: "freeze" | "permission", agoMs = 1): Promise<void> {
  const [seconds, microseconds] = await redis.time();
  await redis.hset(keys()[key], "until", Number(seconds) * 1_000 + Number(microseconds) / 1_000 - agoMs);
}

describe("a window", () => {
  const oneInWindow = { quota: [{ calls: 1, windowMs: 100 }] };

  it("counts an unanswered call as arriving until its life ends", async () => {
    const ledger = await openLedger(oneInWindow);
    const askedAt = performance.now();
    expect(granted(await firstCall(ledger)).startInMs).toBe(0);
    const { startInMs } = granted(await firstCall(ledger));
    const elapsedMs = performance.now() - askedAt;
    expect(startInMs).toBeLessThanOrEqual(LIFE_MS + 100 + MARGIN_MS);
    expect(startInMs).toBeGreaterThanOrEqual(LIFE_MS + 100 + MARGIN_MS - elapsedMs);
  });

  it("counts an answered call from its arrival", async () => {
    const ledger = await openLedger(oneInWindow);
    const { permit } = granted(await firstCall(ledger));
    await ledger.answered(permit.id, 0);
    const { startInMs } = granted(await firstCall(ledger));
    expect(startInMs).toBeLessThanOrEqual(100 + MARGIN_MS);
    expect(startInMs).toBeGreaterThan(0);
  });

  it("takes an answer only for what shortens a call's time", async () => {
    const ledger = await openLedger(oneInWindow);
    const { permit } = granted(await firstCall(ledger));
    await ledger.answered(permit.id, 0);
    const before = await redis.zscore(keys().log, permit.id);
    await ledger.answered(permit.id, 0);
    expect(await redis.zscore(keys().log, permit.id)).toBe(before);
    expect(await redis.zcard(keys().log)).toBe(1);
  });

  it("knows nothing of an answer to a call that was never permitted", async () => {
    const ledger = await openLedger(oneInWindow);
    await firstCall(ledger);
    await ledger.answered("nobody:1", 0);
    expect(await redis.zcard(keys().log)).toBe(1);
  });

  it("does not count a call that never left; only the spacing stays", async () => {
    const ledger = await openLedger(oneInWindow);
    const { permit } = granted(await firstCall(ledger));
    await ledger.unused(permit.id);
    const { startInMs } = granted(await firstCall(ledger));
    expect(startInMs).toBeLessThanOrEqual(100);
  });

  it("spaces the calls, also those of several replicas", async () => {
    const ledgers = await Promise.all([openLedger(), openLedger(), openLedger()]);
    const askedAt = performance.now();
    const starts: number[] = [];
    for (const ledger of ledgers) {
      const { startInMs } = granted(await firstCall(ledger));
      starts.push(performance.now() - askedAt + startInMs);
    }
    const [first = 0, second = 0, third = 0] = starts;
    // 97 ms apart by Redis' clock; read here when the replies come in.
    expect(second - first).toBeGreaterThan(97 - SLACK_MS / 3);
    expect(third - first).toBeGreaterThan(2 * 97 - SLACK_MS / 3);
  });

  it("promises no start beyond the horizon", async () => {
    const ledger = await openLedger({ quota: [{ calls: 1, windowMs: SECOND }] });
    await firstCall(ledger);
    const reply = await firstCall(ledger);
    const earliestMs = LIFE_MS + SECOND + MARGIN_MS - HORIZON_MS;
    expect(reply).toMatchObject({ kind: "wait", waitMs: expect.toSatisfy((ms: number) => ms <= earliestMs) });
  });

  it("is never exceeded at the gateway by several replicas together", { timeout: 30_000 }, async () => {
    const quota = [
      { calls: 6, windowMs: 150 },
      { calls: 25, windowMs: 1_000 },
    ];
    const arrivals = await driveReplicas(4, { quota }, 60);
    for (const { calls, windowMs } of quota) expect(busiest(arrivals, windowMs)).toBeLessThanOrEqual(calls);
  });
});

/** Replicas that call as often as they may: when their calls arrive at a gateway behind an uneven network. */
async function driveReplicas(
  count: number,
  changes: Partial<LedgerSettings>,
  untilCalls: number,
): Promise<number[]> {
  const arrivals: number[] = [];
  const calls: Promise<void>[] = [];

  async function call(ledger: QuotaLedger, { permit }: Granted): Promise<void> {
    const departedAt = performance.now();
    const fate = Math.random();
    const onTheWayMs = fate < 0.1 ? Math.random() * TIMEOUT_MS : 1 + Math.random() * 3;
    arrivals.push(departedAt + onTheWayMs);
    if (fate > 0.9) return; // never answered
    await sleep(onTheWayMs + 10 + Math.random() * 40);
    await ledger.answered(permit.id, performance.now() - departedAt);
  }

  async function replica(): Promise<void> {
    const ledger = await openLedger(changes);
    while (arrivals.length < untilCalls) {
      const reply = await firstCall(ledger);
      if (reply.kind !== "granted") {
        await sleep(reply.kind === "wait" ? reply.waitMs : 10);
        continue;
      }
      await sleep(Math.ceil(reply.startInMs));
      if (reply.permit.isFresh()) calls.push(call(ledger, reply));
      else await ledger.unused(reply.permit.id);
    }
  }

  await Promise.all(Array.from({ length: count }, replica));
  await Promise.all(calls);
  return arrivals;
}

describe("a permit", () => {
  it("goes stale when its call has not left soon after its start", async () => {
    const ledger = await openLedger();
    await firstCall(ledger);
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const { permit, startInMs } = granted(await firstCall(ledger));
      expect(startInMs).toBeGreaterThan(0);
      vi.advanceTimersByTime(Math.floor(startInMs) + FRESH_FOR_MS - 1);
      expect(permit.isFresh()).toBe(true);
      vi.advanceTimersByTime(2);
      expect(permit.isFresh()).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it("brings Redis' time", async () => {
    const ledger = await openLedger();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR });
    try {
      await firstCall(ledger);
    } finally {
      vi.useRealTimers();
    }
    expect(ledger.clockOffsetMs).toBeGreaterThan(-HOUR - SECOND);
    expect(ledger.clockOffsetMs).toBeLessThan(-HOUR + SECOND);
  });

  it("is refused where Redis cannot be reached", async () => {
    const proxy = await startTcpProxy(inject("redisUrl"));
    const client = createRedis(proxy.url);
    opened.push(client);
    try {
      await client.connect();
      const ledger = new QuotaLedger(client, settings);
      granted(await firstCall(ledger));
      proxy.refuse();
      await expect(firstCall(ledger)).rejects.toBeInstanceOf(Error);
      await expect(firstCall(ledger)).rejects.toBeInstanceOf(Error);
    } finally {
      await proxy.close();
    }
  });

  it(
    "is refused where Redis does not answer, and given back where it does later on",
    { timeout: 10_000 },
    async () => {
      const proxy = await startTcpProxy(inject("redisUrl"));
      const client = createRedis(proxy.url);
      opened.push(client);
      try {
        await client.connect();
        const ledger = new QuotaLedger(client, settings);
        granted(await firstCall(ledger));
        proxy.stall();
        await expect(firstCall(ledger)).rejects.toThrow("timed out");
        proxy.restore();
        await expect.poll(() => redis.hget(keys().state, "grants"), { timeout: 5_000 }).toBe("2");
        await expect.poll(() => redis.zcard(keys().log), { timeout: 5_000 }).toBe(1);
      } finally {
        client.disconnect();
        await proxy.close();
      }
    },
  );
});

it("lets nothing stay in Redis for ever", async () => {
  const ledger = await openLedger();
  const { permit } = granted(await firstCall(ledger));
  const limited: Signal = { kind: "quota", code: "40005 isv.app-call-limited", retryAfterMs: undefined };
  for (const signal of [limited, PERMISSION, BANNED]) await ledger.signal(permit.id, signal, 10);
  await ledger.heartbeat();
  const all = await allKeys();
  expect(all).toHaveLength(9);
  for (const key of all) expect([key, await redis.ttl(key)]).toEqual([key, expect.toSatisfy((s) => s > 0)]);
});

describe("where the past is unknown", () => {
  const quota = [{ calls: 5, windowMs: 400 }];
  /** A call that was permitted before the loss may still arrive, a horizon and a life after it. */
  const deniedForMs = 400 + LIFE_MS;

  async function expectDenied(ledger: QuotaLedger): Promise<void> {
    const reply = await firstCall(ledger);
    expect(reply.kind === "wait" && reply.waitMs).toBeGreaterThan(HORIZON_MS + LIFE_MS - SLACK_MS);
  }

  it("a first start denies for a window", async () => {
    const ledger = await openLedger({ quota, history: "unknown" });
    await expectDenied(ledger);
    await expectDenied(ledger);
  });

  it("a first start permits at once where the operator says that there is no past", async () => {
    const ledger = await openLedger({ quota, history: "none" });
    expect(granted(await firstCall(ledger)).startInMs).toBe(0);
  });

  it("the operator's word does not count where a replica knows better", async () => {
    const ledger = await openLedger({ quota, history: "none" });
    granted(await firstCall(ledger));
    await forget();
    await expectDenied(ledger);
  });

  it("nor where another replica began the ledger anew before it", async () => {
    const [veteran, newcomer] = [await openLedger({ quota }), await openLedger({ quota })];
    granted(await firstCall(veteran));
    await forget();
    granted(await firstCall(newcomer));
    await expectDenied(veteran);
    await expectDenied(newcomer);
  });

  it("a Redis that was restarted denies for a window", async () => {
    const ledger = await openLedger({ quota });
    granted(await firstCall(ledger));
    await redis.hset(keys().state, "runId", "0123456789abcdef");
    await expectDenied(ledger);
  });

  it("the denial ends, and is not begun anew by those who ask meanwhile", async () => {
    const ledger = await openLedger({ quota, history: "unknown" });
    const askedAt = performance.now();
    let reply = await firstCall(ledger);
    while (reply.kind === "wait") {
      await sleep(Math.min(reply.waitMs, 100));
      reply = await firstCall(ledger);
    }
    const startedAfterMs = performance.now() - askedAt + granted(reply).startInMs;
    expect(startedAfterMs).toBeGreaterThanOrEqual(deniedForMs - 1);
    expect(startedAfterMs).toBeLessThan(deniedForMs + HORIZON_MS + 2 * SLACK_MS);
  });
});

describe("replicas with different quotas", () => {
  const generous = [{ calls: 100, windowMs: SECOND }];
  const strict = [{ calls: 2, windowMs: SECOND }];

  it("are held to the strictest, and told so once", async () => {
    const onQuotasDisagree = vi.fn();
    const rich = await openLedger({ quota: generous, onQuotasDisagree });
    const poor = await openLedger({ quota: strict });
    granted(await firstCall(rich));
    expect(onQuotasDisagree).not.toHaveBeenCalled();
    granted(await firstCall(poor));
    expect(await firstCall(rich)).toMatchObject({ kind: "wait" });
    expect(await firstCall(rich)).toMatchObject({ kind: "wait" });
    expect(onQuotasDisagree).toHaveBeenCalledOnce();
  });

  it("are free of one that has not been heard of for a minute", async () => {
    const rich = await openLedger({ quota: generous });
    const poor = await openLedger({ quota: strict });
    for (const ledger of [poor, rich]) granted(await firstCall(ledger));
    expect(await firstCall(rich)).toMatchObject({ kind: "wait" });
    await redis.zadd(keys().quotas, Date.now() - MINUTE - SECOND, "2/1000");
    granted(await firstCall(rich));
  });
});

describe("a freeze", () => {
  it("holds every replica, whatever its credentials", async () => {
    const [one, other] = [await openLedger(), await openLedger({ credentialsId: "key-2" })];
    const { permit } = granted(await firstCall(one));
    await one.signal(permit.id, BANNED, 10);
    for (const ledger of [one, other]) {
      expect(await firstCall(ledger)).toEqual({
        kind: "held",
        hold: {
          kind: "banned",
          cause: "40006 isv.app-api-punished",
          remainingMs: expect.toSatisfy((ms: number) => ms > DAY - MINUTE && ms <= DAY),
        },
      });
    }
  });

  it("ends in one probe, and in calls for all once that one is answered", async () => {
    const ledgers = await Promise.all([openLedger(), openLedger(), openLedger()]);
    const [one] = ledgers;
    if (one === undefined) throw new Error("no ledger");
    const { permit } = granted(await firstCall(one));
    await one.signal(permit.id, BANNED, 10);
    await endHold("freeze");

    const replies = await Promise.all([...ledgers, ...ledgers].map(firstCall));
    const probes = replies.filter((reply) => reply.kind === "granted");
    expect(probes).toEqual([expect.objectContaining({ isProbe: true })]);
    expect(replies.filter((reply) => reply.kind === "held")).toHaveLength(5);

    await one.lift();
    for (const ledger of ledgers) expect((await firstCall(ledger)).kind).not.toBe("held");
  });

  it("lets another probe go where the first one can no longer be answered", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await endHold("freeze");
    const { startInMs } = granted(await firstCall(ledger));
    const reply = await firstCall(ledger);
    if (reply.kind !== "held") throw new Error(reply.kind);
    expect(reply.hold.remainingMs).toBeLessThanOrEqual(startInMs + LIFE_MS + 1);
    expect(reply.hold.remainingMs).toBeGreaterThan(startInMs + LIFE_MS - SLACK_MS);
  });

  it("goes on where the probe is refused", async () => {
    const ledger = await openLedger();
    const first = granted(await firstCall(ledger));
    await ledger.signal(first.permit.id, BANNED, 10);
    await endHold("freeze");
    const probe = granted(await firstCall(ledger));
    await ledger.signal(probe.permit.id, BANNED, 0);
    expect(await firstCall(ledger)).toMatchObject({
      kind: "held",
      hold: { kind: "banned", remainingMs: expect.toSatisfy((ms: number) => ms > DAY - MINUTE) },
    });
  });

  it("is not lifted by an answer that was no probe's", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await ledger.lift();
    expect(await firstCall(ledger)).toMatchObject({ kind: "held" });
  });

  it("is not lifted by a probe that another ban overtook", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await endHold("freeze");
    const probe = granted(await firstCall(ledger));
    await ledger.signal(probe.permit.id, BANNED, 0);
    await ledger.lift();
    expect(await firstCall(ledger)).toMatchObject({ kind: "held" });
  });

  it("outlives the replica that was told", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await Promise.all(opened.splice(0).map(closeRedis));
    expect(await firstCall(await openLedger())).toMatchObject({ kind: "held" });
  });

  it("is probed by no transaction that has made a call", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await endHold("freeze");
    expect(await ledger.permit(2, 4)).toMatchObject({ kind: "later" });
    expect(await ledger.permit(1, 4)).toMatchObject({ kind: "granted", isProbe: true });
  });

  it("is probed by one that has, where no other comes for half a minute", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, BANNED, 10);
    await endHold("freeze", 30_001);
    expect(await ledger.permit(4, 4)).toMatchObject({ kind: "granted", isProbe: true });
  });
});

describe("a permission hold", () => {
  const remaining = async (ledger: QuotaLedger): Promise<number> => {
    const reply = await firstCall(ledger);
    return reply.kind === "held" ? reply.hold.remainingMs : 0;
  };

  it("concerns those who use the same credentials, and nobody else", async () => {
    const [one, same, other] = [
      await openLedger(),
      await openLedger(),
      await openLedger({ credentialsId: "key-2" }),
    ];
    const { permit } = granted(await firstCall(one));
    await one.signal(permit.id, PERMISSION, 10);
    for (const ledger of [one, same]) {
      expect(await firstCall(ledger)).toMatchObject({
        kind: "held",
        hold: { kind: "permission", cause: "40006 isv.no-permission" },
      });
    }
    granted(await firstCall(other));
  });

  it("lasts 1, 2, 4 … 30 minutes, doubled by each probe that is refused", async () => {
    const ledger = await openLedger({ quota: [{ calls: 100, windowMs: SECOND }] });
    await ledger.signal(granted(await firstCall(ledger)).permit.id, PERMISSION, 10);
    const minutes = [Math.ceil((await remaining(ledger)) / MINUTE)];
    while (minutes.length < 7) {
      await endHold("permission");
      const probe = granted(await firstCall(ledger));
      await ledger.signal(probe.permit.id, PERMISSION, 0);
      minutes.push(Math.ceil((await remaining(ledger)) / MINUTE));
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it("is set once by calls that were under way together", async () => {
    const ledger = await openLedger();
    const [one, other] = [granted(await firstCall(ledger)), granted(await firstCall(ledger))];
    await ledger.signal(one.permit.id, PERMISSION, 50);
    await ledger.signal(other.permit.id, PERMISSION, 5_000);
    expect(await remaining(ledger)).toBeLessThanOrEqual(MINUTE);
  });

  it("is set once also by a call that was permitted before it and left after it", async () => {
    const ledger = await openLedger();
    const [one, ahead] = [granted(await firstCall(ledger)), granted(await firstCall(ledger))];
    await ledger.signal(one.permit.id, PERMISSION, 50);
    // It left after the hold was set, so its answer took less time than the hold has stood.
    await ledger.signal(ahead.permit.id, PERMISSION, 0);
    expect(await remaining(ledger)).toBeLessThanOrEqual(MINUTE);
  });

  it("is set once also where the reply was lost and it is told again", async () => {
    const ledger = await openLedger();
    const { permit } = granted(await firstCall(ledger));
    await ledger.signal(permit.id, PERMISSION, 10);
    await ledger.signal(permit.id, PERMISSION, 2_000);
    expect(await remaining(ledger)).toBeLessThanOrEqual(MINUTE);
  });
});
