import { beforeEach, describe, expect, it } from "vitest";
import type { Deadline } from "../../../shared/domain/deadline.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { Deadlines } from "../../../shared/redis/journal/deadlines.ts";
import { testRedis } from "../../support/test-redis.ts";

const LEASE_MS = 60_000;

let redis: RedisClient;
let namespace: string;
let deadlines: Deadlines;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  deadlines = new Deadlines(redis, { namespace });
});

const dueIn = (ms: number, changes: Partial<Deadline> = {}): Deadline => ({
  transactionId: "T1",
  rail: "alipay",
  merchantId: "store-17",
  metadata: { channel: "app", 'a"b\\': "ü" },
  dueMs: Date.now() + ms,
  claim: { digest: "d", pseudonym: "p", replays: 0, calls: 1 },
  correlationId: "c-1",
  ...changes,
});

const taken = async () => (await deadlines.take(LEASE_MS)).deadlines;

describe("deadlines", () => {
  it("are given as they were set, once they are due", async () => {
    const deadline = dueIn(-1);
    await deadlines.remind(deadline);
    expect(await taken()).toEqual([deadline]);
  });

  it("may have no merchant, metadata and correlation id", async () => {
    const bare = dueIn(-1, { merchantId: undefined, metadata: undefined, correlationId: undefined });
    await deadlines.remind(bare);
    expect(await taken()).toEqual([bare]);
  });

  it("that are not due stay, and say when they are", async () => {
    await deadlines.remind(dueIn(50_000));
    const { deadlines: due, nextInMs } = await deadlines.take(LEASE_MS);
    expect(due).toEqual([]);
    expect(nextInMs).toBeGreaterThan(40_000);
    expect(nextInMs).toBeLessThanOrEqual(50_000);
  });

  it("are none at first", async () => {
    expect(await deadlines.take(LEASE_MS)).toMatchObject({ deadlines: [], nextInMs: undefined });
  });

  it("are taken by one replica only", async () => {
    const ids = Array.from({ length: 250 }, (_, i) => `T${i}`);
    for (const transactionId of ids) await deadlines.remind(dueIn(-1, { transactionId }));
    const shares = await Promise.all(Array.from({ length: 4 }, taken));
    expect(
      shares
        .flat()
        .map(({ transactionId }) => transactionId)
        .toSorted(),
    ).toEqual(ids.toSorted());
  });

  it("are due again where their taker has not met them within the lease", async () => {
    await deadlines.remind(dueIn(-1));
    await deadlines.take(1);
    await expect.poll(async () => (await taken()).length).toBe(1);
  });

  it("are forgotten once they are met", async () => {
    await deadlines.remind(dueIn(-1));
    const { leaseUntilMs } = await deadlines.take(1);
    await deadlines.forget("T1", leaseUntilMs);
    expect(await deadlines.take(1)).toMatchObject({ deadlines: [], nextInMs: undefined });
    expect(await redis.keys(`${namespace}:*`)).toEqual([]);
  });

  it("are not forgotten by one whose lease is over", async () => {
    await deadlines.remind(dueIn(-1));
    const stale = await deadlines.take(1);
    await expect.poll(async () => (await taken()).length).toBe(1);
    await deadlines.forget("T1", stale.leaseUntilMs);
    expect((await deadlines.take(1)).nextInMs).toBeGreaterThan(0);
  });

  it.each([
    { title: "later", first: -2, second: 50_000, replays: 0, expected: "first" },
    { title: "at the same time", first: -1, second: -1, replays: 0, expected: "second" },
    { title: "earlier", first: 50_000, second: -1, replays: 0, expected: "second" },
    { title: "later, by a replay", first: -2, second: -1, replays: 1, expected: "second" },
  ])("set again $title are those of the $expected word", async ({ first, second, replays, expected }) => {
    const dueMs = Date.now();
    const claim = { digest: "d", pseudonym: "p", replays, calls: 1 };
    await deadlines.remind(dueIn(0, { dueMs: dueMs + first, correlationId: "first" }));
    await deadlines.remind(dueIn(0, { dueMs: dueMs + second, correlationId: "second", claim }));
    expect((await taken()).map(({ correlationId }) => correlationId)).toEqual([expected]);
  });

  it("are not put off by a duplicate while somebody answers them", async () => {
    await deadlines.remind(dueIn(-1));
    const { leaseUntilMs } = await deadlines.take(LEASE_MS);
    await deadlines.remind(dueIn(LEASE_MS + 50_000));
    await deadlines.forget("T1", leaseUntilMs);
    expect(await deadlines.take(LEASE_MS)).toMatchObject({ deadlines: [], nextInMs: undefined });
  });

  it.each(['{"v":2}', "{garbage", '"text"'])("that say %s are left alone, and keep nobody", async (json) => {
    await deadlines.remind(dueIn(-2, { transactionId: "strange" }));
    await redis.hset(`${namespace}:deadline-answers`, "strange", json);
    await deadlines.remind(dueIn(-1));
    expect(await deadlines.take(LEASE_MS)).toMatchObject({
      deadlines: [{ transactionId: "T1" }],
      nextInMs: expect.any(Number),
    });
    await deadlines.remind(dueIn(-2, { transactionId: "strange" }));
    expect(await taken()).toMatchObject([{ transactionId: "strange" }]);
  });

  it("are not kept for ever", async () => {
    await deadlines.remind(dueIn(50_000));
    for (const key of await redis.keys(`${namespace}:*`)) expect(await redis.ttl(key)).toBeGreaterThan(900);
  });
});
