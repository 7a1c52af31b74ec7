import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../../shared/domain/claim.ts";
import type { Budgets } from "../../../shared/domain/budget.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import { dayAt } from "../../../shared/domain/alipay-calendar.ts";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { Journal, JournalSettings } from "../../../shared/redis/journal/journal.ts";
import { booksKey, readCurrent, readDays, readMerchants } from "../../../shared/redis/journal/read-books.ts";
import { readPrelude } from "../../../shared/redis/script.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

const PRICE = 200;

let redis: RedisClient;
let namespace: string;
let journal: Journal;
let ids = 0;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  journal = openJournal();
});

const openJournal = (changes: Partial<JournalSettings> = {}): Journal =>
  testJournal({ redis, namespace }, { callPrice: PRICE, ...changes });

/** A journal with budgets, closed with the test's own. */
const withBudgets = (budgets: Partial<Budgets>, changes: Partial<JournalSettings> = {}): Journal => {
  journal.close();
  journal = openJournal({ budgets: { day: undefined, month: undefined, ...budgets }, ...changes });
  return journal;
};

async function take(changes: Readonly<Record<string, unknown>> = {}): Promise<Claim> {
  ids += 1;
  const transaction = sampleTransaction({ transactionId: `t-${ids}`, ...changes });
  return claimed(await journal.claim(transaction, journal.newToken(), NO_HISTORY));
}

const resultOf = ({ transactionId }: Claim, changes: Partial<RiskResult> = {}): Outcome => ({
  kind: "result",
  result: sampleResult({ transactionId, attempts: 1, ...changes }),
});

const DEAD_LETTER: Outcome = {
  kind: "dead-letter",
  deadLetter: { reason: "rejected", detail: "no", attempts: 1, replays: 0, failedAt: "", worker: "w" },
};

describe("the calendar", () => {
  it("knows every day at Alipay from 1970 to 2200", async () => {
    const dayOf = async (ms: number): Promise<unknown> =>
      redis.eval(
        `local CALL_PRICE = 0 ${readPrelude("journal/books")} return dayOf(tonumber(ARGV[1]))`,
        0,
        ms,
      );
    const moment = fc.integer({ min: 0, max: Date.parse("2200-01-01T00:00:00Z") });
    await fc.assert(
      fc.asyncProperty(moment, async (ms) => {
        expect(await dayOf(ms)).toBe(dayAt(ms));
      }),
      {
        examples: [
          "2026-11-23T23:59:59.999+08:00",
          "2026-11-24T00:00:00+08:00",
          "2028-02-29T12:00:00+08:00",
          "2100-02-28T23:59:59.999+08:00",
          "2100-03-01T00:00:00+08:00",
          "2026-12-31T23:59:59.999+08:00",
        ].map((text) => [Date.parse(text)]),
      },
    );
  });
});

describe("a call", () => {
  it("is booked when it is recorded, by day, month and merchant", async () => {
    const claim = await take();
    await journal.sent(claim, 1, "p1", 0);
    const booked = { calls: 1, tenThousandths: PRICE };
    const { day, month } = await readCurrent(redis, namespace);
    expect(day).toMatchObject(booked);
    expect(month).toMatchObject(booked);
    expect(await readDays(redis, namespace, month.period)).toMatchObject([{ period: day.period, ...booked }]);
    expect(await readMerchants(redis, namespace, month.period)).toMatchObject([
      { merchant: { id: "store-17" }, ...booked },
    ]);
  });

  it("costs once, however often it is recorded and stored", async () => {
    const claim = await take();
    for (let repeat = 0; repeat < 3; repeat++) await journal.sent(claim, 1, "p1", 0);
    await journal.sent(claim, 2, "p2", 0);
    for (let repeat = 0; repeat < 3; repeat++) await journal.store(claim, resultOf(claim), 2, undefined);
    expect((await readCurrent(redis, namespace)).day).toMatchObject({
      calls: 2,
      tenThousandths: 400,
      scored: 1,
    });
  });

  it("that surely never left costs nothing, and is taken back once", async () => {
    const claim = await take();
    await journal.sent(claim, 1, "p1", 0);
    await journal.unsent(claim, 1, "p1");
    await journal.unsent(claim, 1, "p1");
    expect((await readCurrent(redis, namespace)).month).toMatchObject({ calls: 0, tenThousandths: 0 });
    await journal.sent(claim, 1, "p2", 0);
    await journal.store(claim, resultOf(claim), 1, undefined);
    const { month } = await readCurrent(redis, namespace);
    expect(month).toMatchObject({ calls: 1, tenThousandths: PRICE });
    expect(await readMerchants(redis, namespace, month.period)).toMatchObject([{ calls: 1 }]);
  });

  it("that is taken back makes room in a budget that it had spent", async () => {
    const budgeted = testJournal({ redis, namespace }, { budgets: { day: PRICE, month: undefined } });
    const [first, second] = [await take(), await take()];
    await budgeted.sent(first, 1, "p1", 0);
    expect(await budgeted.sent(second, 1, "p2", 0)).toMatchObject({ kind: "unaffordable" });
    expect((await readCurrent(redis, namespace)).day.stop).toBeDefined();
    await budgeted.unsent(first, 1, "p1");
    expect((await readCurrent(redis, namespace)).day.stop).toBeUndefined();
    expect(await budgeted.sent(second, 1, "p3", 0)).toMatchObject({ kind: "recorded" });
  });

  it("costs where its worker died before anything was stored, and where only a dead letter came of it", async () => {
    await journal.sent(await take(), 1, "p1", 0);
    const failed = await take();
    await journal.sent(failed, 1, "p1", 0);
    await journal.store(failed, DEAD_LETTER, 1, undefined);
    expect((await readCurrent(redis, namespace)).day).toMatchObject({
      calls: 2,
      tenThousandths: 400,
      scored: 0,
    });
  });

  it("that only a replica or a message remembers is booked with the outcome", async () => {
    const claim = await take();
    await journal.sent(claim, 1, "p1", 0);
    await journal.store(claim, resultOf(claim, { attempts: 3 }), 3, undefined);
    expect((await readCurrent(redis, namespace)).day).toMatchObject({ calls: 3, tenThousandths: 600 });
  });

  it("is counted by the day on which it was recorded, also when it is taken back on another", async () => {
    const claim = await take();
    await journal.sent(claim, 1, "p1", 0);
    await redis.hset(`${namespace}:journal:${claim.transactionId}`, "bookedOn", "2001-02-03");
    await journal.unsent(claim, 1, "p1");
    expect(await redis.hget(`${booksKey(namespace)}:2001-02`, "calls 2001-02-03")).toBe("-1");
    expect((await readCurrent(redis, namespace)).day.calls).toBe(1);
  });
});

describe("what was saved", () => {
  it.each([
    { source: "cache", counted: { cached: 1, savedByCache: PRICE, savedByThreshold: 0 } },
    { source: "below-threshold", counted: { belowThreshold: 1, savedByCache: 0, savedByThreshold: PRICE } },
    { source: "fallback", counted: { fallback: 1, savedByCache: 0, savedByThreshold: 0 } },
  ] as const)("$source: is counted once, with the outcome", async ({ source, counted }) => {
    const claim = await take();
    const outcome = resultOf(claim, { source, attempts: 0 });
    await journal.store(claim, outcome, 0, undefined);
    await journal.store(claim, outcome, 0, undefined);
    expect((await readCurrent(redis, namespace)).month).toMatchObject({
      calls: 0,
      tenThousandths: 0,
      scored: 0,
      ...counted,
    });
  });
});

describe("merchants", () => {
  const spent = async (changes: Readonly<Record<string, unknown>>): Promise<void> => {
    await journal.sent(await take(changes), 1, "p", 0);
  };

  it("are told apart whatever they are called, and from those that have no name", async () => {
    const names = ["other", "none", "m:other", "a b c", "商店", "calls x"];
    for (const merchantId of [...names, undefined]) await spent({ merchantId });
    const { month } = await readCurrent(redis, namespace);
    const merchants = await readMerchants(redis, namespace, month.period);
    const told = merchants.map(({ merchant }) =>
      typeof merchant === "object" ? merchant.id : `no merchant: ${merchant}`,
    );
    expect(new Set(told)).toEqual(new Set([...names, "no merchant: none"]));
    expect(told).toHaveLength(names.length + 1);
    for (const { calls } of merchants) expect(calls).toBe(1);
  });

  it("beyond the ten-thousandth of a month are booked together", async () => {
    await spent({ merchantId: "first" });
    const { month } = await readCurrent(redis, namespace);
    await redis.hset(`${booksKey(namespace)}:${month.period}`, "merchants", 10_000);
    await spent({ merchantId: "second" });
    const late = await take({ merchantId: "third" });
    await journal.sent(late, 1, "p", 0);
    await journal.unsent(late, 1, "p");
    await spent({ merchantId: "first" });
    expect(await readMerchants(redis, namespace, month.period)).toMatchObject([
      { merchant: { id: "first" }, calls: 2 },
      { merchant: "other", calls: 1 },
    ]);
  });
});

describe("a budget", () => {
  it.each(["day", "month"] as const)("of a %s is never exceeded, whoever calls at once", async (period) => {
    const one = withBudgets({ [period]: 10 * PRICE + 1 });
    const other = openJournal({ budgets: { day: undefined, month: undefined, [period]: 10 * PRICE + 1 } });
    const claims = await Promise.all(Array.from({ length: 50 }, () => take()));
    const replies = await Promise.all(
      claims.map((claim, i) => (i % 2 === 0 ? one : other).sent(claim, 1, "p", 0)),
    );
    expect(replies.filter((reply) => reply.kind === "recorded")).toHaveLength(10);
    expect(replies.find((reply) => reply.kind === "unaffordable")).toMatchObject({
      period,
      remainingMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 31 * 86_400_000),
    });
    expect((await readCurrent(redis, namespace))[period]).toMatchObject({
      calls: 10,
      tenThousandths: 10 * PRICE,
      stop: { budget: 10 * PRICE + 1 },
    });
  });

  it("that is just enough is enough, and tells what is spent", async () => {
    const seen: unknown[] = [];
    withBudgets({ day: PRICE }, { onSpent: ({ day, month }) => seen.push([day, month]) });
    const [first, second] = [await take(), await take()];
    expect(await journal.sent(first, 1, "p1", 0)).toEqual({ kind: "recorded" });
    expect(await journal.sent(first, 1, "p2", 0)).toEqual({ kind: "recorded" }); // its permit went stale: paid for before
    expect(await journal.sent(second, 1, "p3", 0)).toMatchObject({ kind: "unaffordable", period: "day" });
    expect(seen).toEqual([
      [PRICE, PRICE],
      [PRICE, PRICE],
      [PRICE, PRICE],
    ]);
  });

  it("leaves what it refuses as it was: no call, nothing booked, the lease kept", async () => {
    withBudgets({ day: 0 });
    const claim = await take();
    const key = `${namespace}:journal:${claim.transactionId}`;
    const before = await redis.hgetall(key);
    expect((await journal.sent(claim, 1, "p", 0)).kind).toBe("unaffordable");
    expect(await redis.hgetall(key)).toEqual(before);
  });

  it("has room again for what a call that never left gave back, and says no more that it is spent", async () => {
    withBudgets({ day: PRICE });
    const [first, second] = [await take(), await take()];
    await journal.sent(first, 1, "p1", 0);
    expect((await journal.sent(second, 1, "p2", 0)).kind).toBe("unaffordable");
    await journal.unsent(first, 1, "p1");
    expect((await journal.sent(second, 1, "p2", 0)).kind).toBe("recorded");
    expect((await readCurrent(redis, namespace)).day.stop).toBeUndefined();
  });

  it("that was raised has room, whatever the smaller one said", async () => {
    withBudgets({ day: 0 });
    const claim = await take();
    await journal.sent(claim, 1, "p", 0);
    withBudgets({ day: PRICE });
    expect((await journal.sent(claim, 1, "p", 0)).kind).toBe("recorded");
  });
});
