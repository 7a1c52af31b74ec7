import { beforeEach, describe, expect, it } from "vitest";
import type { Signal } from "../../../shared/domain/permit.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { QuotaLedger } from "../../../shared/redis/ledger/quota-ledger.ts";
import { busiest } from "../../support/busiest.ts";
import { ClockedLedger, granted } from "../../support/clocked-ledger.ts";
import { judgeCalls } from "../../support/judged-calls.ts";
import { quotaOf } from "../../support/quota-of.ts";
import { testRedis } from "../../support/test-redis.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 1_440 * MINUTE;

/** As the ledger has them. */
const HORIZON_MS = 500;
const LATENCY_MS = 80;

const LIMITED: Signal = { kind: "quota", code: "40005 isv.app-call-limited", retryAfterMs: undefined };

let redis: RedisClient;
let ledgers: ClockedLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  ledgers = await ClockedLedger.start(redis);
});

/** A call that arrives at once and is answered; its permit. */
async function call(ledger: QuotaLedger): Promise<string> {
  for (;;) {
    const reply = await ledger.permit(1, 4);
    if (reply.kind === "granted") {
      await ledgers.pass(reply.startInMs);
      await ledger.answered(reply.permit.id, 0);
      return reply.permit.id;
    }
    if (reply.kind !== "wait") throw new Error(`held: ${JSON.stringify(reply)}`);
    await ledgers.pass(reply.waitMs);
  }
}

/** As many calls as the window of a second takes, the last of which is refused. */
async function refusedAfter(calls: number, ledger: QuotaLedger): Promise<void> {
  for (let nth = 0; nth < calls; nth += 1) await call(ledger);
  await ledger.signal(await call(ledger), LIMITED, 0);
}

const effective = async () => (await ledgers.look()).windows.map((window) => window.effective);

describe("a limit answer", () => {
  it("stops every replica for a moment, and then leaves half of what was too much", async () => {
    const [one, other] = [ledgers.replica(), ledgers.replica()];
    await refusedAfter(8, one);
    expect(await other.permit(1, 4)).toMatchObject({ kind: "wait", waitMs: SECOND - HORIZON_MS });
    expect(await effective()).toEqual([4]);
    await ledgers.pass(SECOND - HORIZON_MS);
    granted(await other.permit(1, 4));
    const { spacingMs } = await ledgers.look();
    expect(spacingMs).toBeCloseTo(SECOND / 4, -1);
  });

  it("leaves 95 % of it within a minute, and no more while nobody knows better", async () => {
    const ledger = ledgers.replica();
    await refusedAfter(8, ledger);
    await ledgers.pass(25 * SECOND);
    expect((await effective())[0]).toBeCloseTo(8 * 0.725, 6);
    await ledgers.pass(25 * SECOND);
    expect((await effective())[0]).toBeCloseTo(8 * 0.95, 6);
    await ledgers.pass(9 * MINUTE);
    await call(ledger);
    expect((await effective())[0]).toBeCloseTo(8 * 0.95, 6);
  });

  it("is put to the test every ten minutes, with twice as much each time, until the quota is there again", async () => {
    const ledger = ledgers.replica();
    await refusedAfter(4, ledger);
    const seen: (number | undefined)[] = [];
    for (let nth = 0; nth < 3; nth += 1) {
      await ledgers.pass(10 * MINUTE);
      await call(ledger);
      seen.push((await effective())[0]);
    }
    expect(seen).toEqual([expect.closeTo(5 * 0.95, 6), expect.closeTo(7 * 0.95, 6), 10]);
    expect(await redis.hkeys(ledgers.keys.state)).not.toContain("cap1000");
  });

  it("is not put to the test where strikes are short", async () => {
    const ledger = ledgers.replica({ strikesPerDay: 3 });
    await refusedAfter(8, ledger);
    await ledger.signal("another", LIMITED, 5_000);
    await ledgers.pass(30 * MINUTE);
    await call(ledger);
    expect((await effective())[0]).toBeCloseTo(8 * 0.95, 6);
  });

  it("says nothing new where its call was permitted before the last one", async () => {
    const ledger = ledgers.replica();
    await refusedAfter(8, ledger);
    const before = await redis.hgetall(ledgers.keys.state);
    await ledgers.pass(400);
    await ledger.signal("left-before", LIMITED, 10);
    expect(await redis.hgetall(ledgers.keys.state)).toEqual(before);
    expect((await ledgers.look()).strikes).toBe(2);
  });

  it("is not blamed on a long window that is hardly used", async () => {
    const quota = quotaOf("10/1s,50000/1h");
    const ledger = ledgers.replica({ quota });
    for (let nth = 0; nth < 13; nth += 1) {
      await call(ledger);
      await ledgers.pass(5 * SECOND);
    }
    await ledger.signal(await call(ledger), LIMITED, 0);
    expect((await effective())[0]).toBe(0.5);
    expect((await effective())[1]).toBe(50_000);
  });

  it("is heeded where it asks for patience, and the longest one counts", async () => {
    const ledger = ledgers.replica();
    await ledger.signal(await call(ledger), { ...LIMITED, retryAfterMs: 20_000 }, 10);
    await ledger.signal("b", { ...LIMITED, retryAfterMs: 1_000 }, 10);
    expect(await ledger.permit(1, 4)).toMatchObject({ kind: "wait", waitMs: 20_000 - HORIZON_MS });
  });

  it("keeps a transaction's last call back for a minute, and no other", async () => {
    const ledger = ledgers.replica();
    await ledger.signal(await call(ledger), LIMITED, 10);
    await ledgers.pass(3 * SECOND);
    expect(await ledger.permit(4, 4)).toEqual({ kind: "later", waitMs: 57 * SECOND });
    granted(await ledger.permit(3, 4));
    await ledgers.pass(57 * SECOND);
    granted(await ledger.permit(4, 4));
  });

  it("does not keep back an only call", async () => {
    const ledger = ledgers.replica();
    await ledger.signal(await call(ledger), LIMITED, 10);
    await ledgers.pass(3 * SECOND);
    expect((await ledger.permit(1, 1)).kind).toBe("granted");
  });
});

describe("strikes", () => {
  it("stop all calls when a day has had enough of them, each counted once", async () => {
    const [one, other] = [ledgers.replica({ strikesPerDay: 3 }), ledgers.replica({ strikesPerDay: 3 })];
    await call(one);
    for (const id of ["a", "b", "b"]) await one.signal(id, LIMITED, 10);
    await ledgers.pass(5 * SECOND);
    granted(await other.permit(1, 4));
    await one.signal("c", LIMITED, 10);
    for (const ledger of [one, other]) {
      expect(await ledger.permit(1, 4)).toEqual({
        kind: "held",
        hold: { kind: "strikes", cause: "3 limit answers in 24 h", remainingMs: DAY - 5 * SECOND },
      });
    }
    await ledgers.pass(DAY - 5 * SECOND + 1);
    granted(await one.permit(1, 4));
  });

  it.each([
    { strikes: 0, isBraked: false, underWay: 10 },
    { strikes: 4, isBraked: true, underWay: 3 },
    { strikes: 4, isBraked: false, underWay: 6 },
    { strikes: 9, isBraked: true, underWay: 1 },
  ])("bound the calls under way: $underWay after $strikes, braked $isBraked", async (row) => {
    const quota = quotaOf("100/1s");
    const ledger = ledgers.replica({ quota });
    for (let nth = 0; nth < row.strikes; nth += 1) await ledger.signal(`strike-${nth}`, LIMITED, 10);
    await ledgers.pass(row.isBraked ? 2 * SECOND : 2 * MINUTE);
    await redis.hdel(ledgers.keys.state, "cap1000");
    let permits = 0;
    while ((await ledger.permit(1, 4)).kind === "granted") permits += 1;
    expect(permits).toBe(row.underWay);
    expect((await ledger.permit(1, 4)).kind).toBe("wait");
  });
});

it("a limit answer frees no place among the calls under way before it is a strike", async () => {
  const ledger = ledgers.replica({ strikesPerDay: 1 });
  const { permit } = granted(await ledger.permit(1, 4));
  expect((await ledger.permit(1, 4)).kind).toBe("wait");
  await ledger.signal(permit.id, LIMITED, 80);
  expect(await ledger.permit(1, 4)).toMatchObject({ kind: "held", hold: { kind: "strikes" } });
  await ledgers.pass(1);
  expect((await ledgers.look()).callsUnderWay).toBe(0);
});

describe("a gateway that silently lowers its limit", () => {
  const LOWERED_AFTER_MS = 10 * SECOND;

  it.each([
    { quota: "20/1s,50000/1h", limit: "6/1s,16666/1h", replicas: 2, settledAfterMs: 80 * SECOND },
    { quota: "5/1s,100/1m,1000/1h", limit: "1/1s,33/1m,333/1h", replicas: 4, settledAfterMs: 200 * SECOND },
    { quota: "20/1s,600/1m", limit: "6/1s,200/1m", replicas: 2, settledAfterMs: 180 * SECOND },
  ])("from $quota to $limit: found with few strikes, and used", { timeout: 60_000 }, async (row) => {
    const replicas = Array.from({ length: row.replicas }, () =>
      ledgers.replica({ quota: quotaOf(row.quota) }),
    );
    const durationMs = row.settledAfterMs + 2 * MINUTE;
    const { accepted, refused } = await judgeCalls({
      ledger: ledgers,
      replicas,
      limit: quotaOf(row.quota),
      lowered: { afterMs: LOWERED_AFTER_MS, limit: quotaOf(row.limit) },
      durationMs,
      latencyMs: LATENCY_MS,
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(ledgers.settings.strikesPerDay);
    expect(refused.at(-1)).toBeLessThan(row.settledAfterMs);
    const sustained = Math.min(...quotaOf(row.limit).map(({ calls, windowMs }) => calls / windowMs));
    // The hour's window is far from full in these minutes.
    const ofMinutes = quotaOf(row.limit).filter(({ windowMs }) => windowMs <= MINUTE);
    const admitted = Math.min(...ofMinutes.map(({ calls, windowMs }) => calls / windowMs));
    const settled = accepted.filter((at) => at >= row.settledAfterMs).length;
    expect(settled).toBeGreaterThanOrEqual(0.9 * Math.max(sustained, admitted) * 2 * MINUTE);
    for (const { calls, windowMs } of quotaOf(row.quota)) {
      expect(busiest([...accepted, ...refused], windowMs)).toBeLessThanOrEqual(calls);
    }
  });
});
