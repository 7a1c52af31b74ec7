import { beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import type { Quota } from "../../../shared/domain/quota.ts";
import type { Signal } from "../../../shared/domain/permit.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { QuotaLedger } from "../../../shared/redis/ledger/quota-ledger.ts";
import { busiest } from "../../support/busiest.ts";
import { ClockedLedger, granted } from "../../support/clocked-ledger.ts";
import { testRedis } from "../../support/test-redis.ts";

// What a Redis that lost its memory gets back from the replicas, and what it does until then.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** As the ledger has it. */
const HORIZON_MS = 500;

const BANNED: Signal = { kind: "banned", code: "40006 isv.app-api-punished" };
const PERMISSION: Signal = { kind: "permission", code: "40006 isv.no-permission" };
const LIMITED: Signal = { kind: "quota", code: "40005 isv.app-call-limited", retryAfterMs: undefined };

let redis: RedisClient;
let ledgers: ClockedLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  ledgers = await ClockedLedger.start(redis);
});

/** Permits one after the other until the time is over, a heartbeat each second; gives their arrivals. */
async function callsUntil(endMs: number, replicas: readonly QuotaLedger[]): Promise<number[]> {
  const arrivals: number[] = [];
  let beatAtMs = ledgers.nowMs;
  for (let turn = 0; ledgers.nowMs < endMs; turn += 1) {
    if (ledgers.nowMs >= beatAtMs) {
      for (const replica of replicas) await replica.heartbeat();
      beatAtMs = ledgers.nowMs + SECOND;
    }
    const replica = replicas[turn % replicas.length];
    if (replica === undefined) throw new Error("no replica");
    const reply = await replica.permit(1, 4);
    if (reply.kind === "granted") {
      await ledgers.pass(reply.startInMs);
      arrivals.push(ledgers.nowMs);
      await replica.answered(reply.permit.id, 0);
    } else {
      const waitMs = reply.kind === "held" ? SECOND : reply.waitMs;
      await ledgers.pass(Math.max(1, Math.min(waitMs, beatAtMs - ledgers.nowMs)));
    }
  }
  return arrivals;
}

const QUOTA: Quota = [
  { calls: 10, windowMs: SECOND },
  { calls: 100, windowMs: MINUTE },
  { calls: 200, windowMs: 10 * MINUTE },
  { calls: 300, windowMs: 2 * HOUR },
];

describe("calls", () => {
  it.each([
    { title: "emptied", lose: () => ledgers.forget() },
    { title: "restarted", lose: () => ledgers.restart() },
  ])("are remembered by the replicas where Redis is $title", { timeout: 60_000 }, async ({ lose }) => {
    const random = createRandom(7);
    const replicas = [ledgers.replica({ quota: QUOTA }), ledgers.replica({ quota: QUOTA })];
    const arrivals: number[] = [];
    for (let nth = 0; nth < 3; nth += 1) {
      arrivals.push(...(await callsUntil(ledgers.nowMs + random() * 2 * MINUTE, replicas)));
      await lose();
    }
    arrivals.push(...(await callsUntil(ledgers.nowMs + 12 * MINUTE, replicas)));
    for (const { calls, windowMs } of QUOTA) {
      expect([windowMs, busiest(arrivals, windowMs)]).toEqual([
        windowMs,
        expect.toSatisfy((n) => n <= calls),
      ]);
    }
    expect(arrivals.length).toBeGreaterThan(200);
  });

  it("are counted also where the replica that remembers least asks first", async () => {
    const [veteran, newcomer] = [
      ledgers.replica({ quota: QUOTA }),
      ledgers.replica({ quota: QUOTA, history: "unknown" }),
    ];
    const before = await callsUntil(ledgers.nowMs + 30 * SECOND, [veteran]);
    expect(before.length).toBe(100);
    await ledgers.forget();
    await newcomer.heartbeat();
    expect((await newcomer.permit(1, 4)).kind).toBe("wait");
    await veteran.heartbeat();
    await ledgers.pass(HORIZON_MS + ledgers.lifeMs);
    const { windows } = await ledgers.look(QUOTA);
    expect(windows[3]?.used).toBeGreaterThanOrEqual(100);
    expect((await newcomer.permit(1, 4)).kind).toBe("wait");
  });

  it("flow again soon after a loss where the windows leave room", async () => {
    const replica = ledgers.replica({ quota: QUOTA });
    await callsUntil(ledgers.nowMs + 3 * SECOND, [replica]);
    await ledgers.forget();
    const lostAtMs = ledgers.nowMs;
    const [next] = await callsUntil(lostAtMs + 20 * SECOND, [replica]);
    expect((next ?? Infinity) - lostAtMs).toBeLessThanOrEqual(HORIZON_MS + ledgers.lifeMs + 2 * SECOND);
  });

  it("that may have been granted after the last heartbeat count as made", async () => {
    const replica = ledgers.replica({ quota: QUOTA });
    await callsUntil(ledgers.nowMs + 3 * SECOND, [replica]);
    const { windows: before } = await ledgers.look(QUOTA);
    await ledgers.pass(2 * SECOND);
    await ledgers.forget();
    await replica.heartbeat();
    await ledgers.pass(HORIZON_MS + ledgers.lifeMs);
    await replica.permit(1, 4);
    const { windows: after } = await ledgers.look(QUOTA);
    const blindCalls = (after[3]?.used ?? 0) - (before[3]?.used ?? 0);
    expect(blindCalls).toBeGreaterThanOrEqual(20);
    expect(blindCalls).toBeLessThanOrEqual(40);
  });
});

describe("an outage", () => {
  it.each([30 * SECOND, 45 * MINUTE])(
    "of %i ms is no calls: they flow again soon after it",
    async (outageMs) => {
      const replica = ledgers.replica({ quota: QUOTA });
      await callsUntil(ledgers.nowMs + 3 * SECOND, [replica]);
      ledgers.isAway = true;
      await ledgers.pass(SECOND);
      await expect(replica.heartbeat()).rejects.toThrow("away");
      await ledgers.pass(outageMs);
      await expect(replica.heartbeat()).rejects.toThrow("away");
      ledgers.isAway = false;
      await ledgers.restart();
      const backAtMs = ledgers.nowMs;
      const [next] = await callsUntil(backAtMs + 20 * SECOND, [replica]);
      expect((next ?? Infinity) - backAtMs).toBeLessThanOrEqual(HORIZON_MS + ledgers.lifeMs + 2 * SECOND);
    },
  );

  it("that a replica slept through may have been none", async () => {
    const [awake, asleep] = [ledgers.replica({ quota: QUOTA }), ledgers.replica({ quota: QUOTA })];
    await callsUntil(ledgers.nowMs + 3 * SECOND, [awake, asleep]);
    ledgers.isAway = true;
    await ledgers.pass(SECOND);
    await expect(awake.heartbeat()).rejects.toThrow("away");
    await ledgers.pass(30 * SECOND);
    ledgers.isAway = false;
    await ledgers.restart();
    for (const replica of [awake, asleep]) await replica.heartbeat();
    await ledgers.pass(HORIZON_MS + ledgers.lifeMs);
    expect((await awake.permit(1, 4)).kind).toBe("wait");
    expect((await ledgers.look(QUOTA)).windows[3]?.used).toBeGreaterThan(100);
  });
});

it("a past that nobody knows is not known after the next loss", async () => {
  const quota = [
    { calls: 10, windowMs: SECOND },
    { calls: 60, windowMs: MINUTE },
    { calls: 100, windowMs: HOUR },
  ];
  const newcomer = ledgers.replica({ quota, history: "unknown" });
  await newcomer.heartbeat();
  await ledgers.pass(8 * SECOND);
  await newcomer.heartbeat();
  await ledgers.restart();
  const calls = await callsUntil(ledgers.nowMs + 2 * MINUTE, [newcomer]);
  // A minute is denied, and then the hour's window admits its average rate: one call in 36 seconds.
  expect(calls.length).toBeLessThanOrEqual(3);
});

it("what others told, or what was filled in, is heard by those who remember already", async () => {
  const [veteran, newcomer] = [
    ledgers.replica({ quota: QUOTA }),
    ledgers.replica({ quota: QUOTA, history: "unknown" }),
  ];
  const before = await callsUntil(ledgers.nowMs + 30 * SECOND, [veteran]);
  await ledgers.forget();
  for (let nth = 0; nth < 2; nth += 1) await newcomer.heartbeat();
  await ledgers.pass(2 * SECOND);
  await veteran.heartbeat();
  await newcomer.heartbeat(); // the veteran has left since
  await ledgers.forget();
  await newcomer.heartbeat();
  await ledgers.pass(HORIZON_MS + ledgers.lifeMs);
  expect((await ledgers.look(QUOTA)).windows[3]?.used).toBeGreaterThanOrEqual(before.length);
});

it("calls of replicas with a longer deadline count for as long, whoever asks", async () => {
  const quota = [
    { calls: 10, windowMs: SECOND },
    { calls: 3, windowMs: 2 * MINUTE },
  ];
  const patient = ledgers.replica({ quota, timeoutMs: 30_000 });
  const hasty = ledgers.replica({ quota, timeoutMs: 500 });
  const startedAtMs = ledgers.nowMs;
  for (let nth = 0; nth < 3; nth += 1) {
    await ledgers.pass(granted(await patient.permit(1, 4)).startInMs);
  }
  await ledgers.pass(2 * MINUTE);
  for (let reply = await hasty.permit(1, 4); reply.kind === "wait"; reply = await hasty.permit(1, 4)) {
    await ledgers.pass(Math.min(reply.waitMs, SECOND));
  }
  expect(ledgers.nowMs - startedAtMs).toBeGreaterThanOrEqual(2 * MINUTE + 30 * SECOND - HORIZON_MS);
});

it("a long idleness is forgotten at once", async () => {
  const replica = ledgers.replica({ quota: QUOTA });
  await callsUntil(ledgers.nowMs + 3 * SECOND, [replica]);
  for (let day = 0; day < 30; day += 1) {
    await ledgers.pass(DAY);
    await replica.heartbeat();
  }
  await redis.config("RESETSTAT");
  granted(await replica.permit(1, 4));
  const removals = /cmdstat_hdel:calls=(\d+)/.exec(await redis.info("commandstats"));
  expect(Number(removals?.[1] ?? 0)).toBeLessThan(100);
});

describe("what the gateway said", () => {
  it("is given back: freeze, permission hold, strikes, caps and brake", async () => {
    const [one, other] = [ledgers.replica(), ledgers.replica()];
    const { permit } = granted(await one.permit(1, 4));
    for (const signal of [LIMITED, PERMISSION, BANNED]) await one.signal(permit.id, signal, 0);
    for (const replica of [one, other]) await replica.heartbeat();
    const before = await ledgers.look();
    await ledgers.forget();
    await other.heartbeat();
    expect(await ledgers.look()).toMatchObject({
      windows: before.windows.map(({ calls, windowMs, effective }) => ({ calls, windowMs, effective })),
      brakeRemainingMs: before.brakeRemainingMs,
      patienceRemainingMs: before.patienceRemainingMs,
      strikes: before.strikes,
      holds: before.holds,
    });
    await ledgers.pass(5 * SECOND);
    expect(await one.permit(1, 4)).toMatchObject({ kind: "held", hold: { kind: "banned" } });
  });

  it("is remembered from the moment on when it is known, not from the next heartbeat", async () => {
    const replica = ledgers.replica();
    await replica.heartbeat();
    const { permit } = granted(await replica.permit(1, 4));
    await replica.signal(permit.id, BANNED, 0);
    await replica.heartbeat(); // which PatientLedger does at once
    await ledgers.forget();
    await replica.heartbeat();
    expect((await ledgers.look()).holds).toHaveLength(1);
  });

  it("stands where it is stricter than an old state that Redis came back with", async () => {
    const replica = ledgers.replica();
    await replica.heartbeat();
    const { permit } = granted(await replica.permit(1, 4));
    await replica.signal(permit.id, BANNED, 0);
    await replica.heartbeat();
    const { freeze } = ledgers.keys;
    const until = Number(await redis.hget(freeze, "until"));
    await redis.hset(freeze, "until", until - HOUR);
    await ledgers.restart();
    await replica.heartbeat();
    expect(Number(await redis.hget(freeze, "until"))).toBe(until);
  });
});

it("a replica that slept does not bring back what was lifted since", async () => {
  const [awake, asleep] = [ledgers.replica(), ledgers.replica()];
  const { permit } = granted(await awake.permit(1, 4));
  await awake.signal(permit.id, BANNED, 0);
  for (const replica of [awake, asleep]) await replica.heartbeat();
  await redis.del(ledgers.keys.freeze);
  await ledgers.pass(HOUR);
  await awake.heartbeat();
  await ledgers.restart();
  await asleep.heartbeat();
  expect((await ledgers.look()).holds).toHaveLength(1); // nobody else has told yet
  await awake.heartbeat();
  expect((await ledgers.look()).holds).toHaveLength(0);
  await ledgers.restart();
  for (const replica of [awake, asleep]) await replica.heartbeat();
  expect((await ledgers.look()).holds).toHaveLength(0);
});

it("a memory that is told late is not taken for another clock", async () => {
  const replica = ledgers.replica({ quota: QUOTA });
  await callsUntil(ledgers.nowMs + 3 * SECOND, [replica]);
  const used = (await ledgers.look(QUOTA)).windows[3]?.used ?? 0;
  await ledgers.restart();
  await ledgers.pass(5 * SECOND);
  await replica.heartbeat();
  expect((await ledgers.look(QUOTA)).windows[3]?.used).toBe(used);
});

describe("a quota that an operator set", () => {
  const set = (quota: string, at: number) =>
    redis.hset(ledgers.keys.setQuota, { v: 1, quota, by: "op", at, reason: "r" });

  it("counts instead of the replicas' own", async () => {
    const replica = ledgers.replica();
    await set("2/1000", ledgers.nowMs);
    granted(await replica.permit(1, 4));
    granted(await replica.permit(1, 4));
    expect((await replica.permit(1, 4)).kind).toBe("wait");
    expect((await ledgers.look()).setQuota).toEqual({
      quota: [{ calls: 2, windowMs: SECOND }],
      by: "op",
      atMs: ledgers.nowMs,
      reason: "r",
    });
  });

  it("is given back after a loss, and the newer one stays", async () => {
    const replica = ledgers.replica();
    await set("2/1000", ledgers.nowMs);
    for (let nth = 0; nth < 2; nth += 1) await replica.heartbeat();
    await ledgers.forget();
    await replica.heartbeat();
    expect(await redis.hget(ledgers.keys.setQuota, "quota")).toBe("2/1000");
    await set("3/1000", ledgers.nowMs + 1);
    await ledgers.restart();
    await replica.heartbeat();
    expect(await redis.hget(ledgers.keys.setQuota, "quota")).toBe("3/1000");
  });
});

describe("after a hold", () => {
  it("the rate rises from a tenth to all of it within a minute", async () => {
    const replica = ledgers.replica();
    const { permit } = granted(await replica.permit(1, 4));
    await replica.signal(permit.id, BANNED, 0);
    await ledgers.pass(DAY);
    expect(granted(await replica.permit(1, 4)).isProbe).toBe(true);
    await replica.lift();
    const spacings: number[] = [];
    for (const ms of [0, 30 * SECOND, 30 * SECOND]) {
      await ledgers.pass(ms);
      spacings.push((await ledgers.look()).spacingMs);
    }
    expect(spacings).toEqual([expect.closeTo(1_000, 3), expect.closeTo(100 / 0.55, 3), 97]);
  });
});
