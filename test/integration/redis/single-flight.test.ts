import { beforeEach, describe, expect, it } from "vitest";
import type { Claim, ClaimReply } from "../../../shared/domain/claim.ts";
import type { FlightRole } from "../../../shared/domain/single-flight.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { Journal } from "../../../shared/redis/journal/journal.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };
/** By the merchant, so that a test says it of each transaction. */
const ROLES: readonly FlightRole[] = ["leads", "follows", "apart"];

let redis: RedisClient;
let namespace: string;
let journal: Journal;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  journal = openJournal();
});

const openJournal = (): Journal =>
  testJournal(
    { redis, namespace },
    { flightRole: ({ merchantId }) => ROLES.find((role) => role === merchantId) ?? "apart" },
  );

const claim = (
  transactionId: string,
  role: FlightRole,
  { userId = "u1", token = journal.newToken(), history = NO_HISTORY, by = journal } = {},
): Promise<ClaimReply> =>
  by.claim(sampleTransaction({ transactionId, userId, merchantId: role }), token, history);

const answer = (of: Claim, score?: typeof SCORE) =>
  journal.store(of, { kind: "result", result: sampleResult({ attempts: of.calls }) }, of.calls, score);

describe("a flight", () => {
  it.each([
    { first: "follows", second: "follows", kind: "following" },
    { first: "leads", second: "follows", kind: "following" },
    { first: "follows", second: "leads", kind: "claimed" },
    { first: "leads", second: "leads", kind: "claimed" },
    { first: "apart", second: "follows", kind: "claimed" },
    { first: "follows", second: "apart", kind: "claimed" },
  ] as const)("of one that $first: one that $second is $kind", async ({ first, second, kind }) => {
    expect(await claim("T1", first)).toMatchObject({ kind: "claimed" });
    expect(await claim("T2", second)).toMatchObject({ kind });
  });

  it("is one payer's alone", async () => {
    await claim("T1", "follows");
    expect(await claim("T2", "follows", { userId: "u2" })).toMatchObject({ kind: "claimed" });
  });

  it("is led on by who led it, however often they claim again", async () => {
    const token = journal.newToken();
    for (let times = 0; times < 3; times++) {
      expect(await claim("T1", "follows", { token })).toMatchObject({ kind: "claimed" });
      expect(await claim("T2", "follows")).toMatchObject({ kind: "following" });
    }
  });

  it("is still that of the first who led, where another who leads came later", async () => {
    await claim("T1", "leads");
    const second = claimed(await claim("T2", "leads"));
    await journal.release(second);
    expect(await claim("T3", "follows")).toMatchObject({ kind: "following" });
  });

  it("ends with the score, which answers those who followed", async () => {
    const leader = claimed(await claim("T1", "follows"));
    await claim("T2", "follows");
    await answer(leader, SCORE);
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed", claim: { score: SCORE } });
    expect(await claim("T3", "follows")).toMatchObject({ kind: "claimed", claim: { score: SCORE } });
  });

  it("that brought no score ends with its leader's outcome; then the next one leads", async () => {
    await answer(claimed(await claim("T1", "follows")));
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed", claim: { score: undefined } });
    expect(await claim("T3", "follows")).toMatchObject({ kind: "following" });
  });

  it("ends where its leader gives the claim back", async () => {
    await journal.release(claimed(await claim("T1", "follows")));
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed" });
  });

  it("is not revived by whoever takes its leader's transaction up later, and does not lead", async () => {
    await journal.release(claimed(await claim("T1", "follows")));
    const apart = sampleTransaction({ transactionId: "T1", userId: "u1", merchantId: "follows" });
    const upgrade = { ...NO_HISTORY, isUpgrade: true };
    expect(await journal.claim(apart, journal.newToken(), upgrade)).toMatchObject({ kind: "claimed" });
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed" });
  });

  it("ends with its leader's lease, and lives for as long as that is renewed", async () => {
    const dead = openJournal();
    await claim("T1", "follows", { by: dead });
    dead.close(); // as a worker that is killed: it renews no more
    const reply = await claim("T2", "follows");
    expect(reply).toMatchObject({ kind: "following", remainingMs: expect.any(Number) });
    await redis.hset(`${namespace}:journal:T1`, "leaseUntil", Date.now() - 1); // ten seconds later
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed" });
    expect(await claim("T1", "follows")).toMatchObject({ kind: "following" });
  });

  it("is never led by an upgrade, which yields to all others", async () => {
    await claim("T1", "leads", { history: { ...NO_HISTORY, isUpgrade: true } });
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed" });
  });

  it("passes to whoever takes its leader's transaction over", async () => {
    await claim("T1", "follows");
    await redis.hset(`${namespace}:journal:T1`, "leaseUntil", Date.now() - 1);
    expect(await claim("T1", "follows")).toMatchObject({ kind: "claimed" });
    expect(await claim("T2", "follows")).toMatchObject({ kind: "following" });
  });

  it("is kept under no person's name, with a version, and not for ever", async () => {
    await claim("T1", "follows");
    const key = `${namespace}:flight:u1`; // the pseudonym of this test
    expect(await redis.hget(key, "v")).toBe("1");
    expect(await redis.ttl(key)).toBeGreaterThan(300);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(600);
  });
});

describe("one who follows", () => {
  it("has no lease, so its own duplicate follows as well, and its death keeps nobody", async () => {
    const leader = claimed(await claim("T1", "follows"));
    await claim("T2", "follows");
    expect(await claim("T2", "follows")).toMatchObject({ kind: "following" });
    await answer(leader, SCORE);
    expect(await claim("T2", "follows")).toMatchObject({ kind: "claimed" });
    expect(await claim("T2", "follows")).toMatchObject({ kind: "leased" });
  });

  it("is remembered: when it was taken up, its content, and the calls that were made for it", async () => {
    await claim("T1", "follows");
    const history = { calls: 2, replays: 0, replay: "waited" } as const;
    const reply = await claim("T2", "follows", { history });
    if (reply.kind !== "following") throw new Error(reply.kind);
    const { firstTakenUpAtMs } = reply.known;
    expect(await redis.ttl(`${namespace}:journal:T2`)).toBeGreaterThan(900);
    const again = await claim("T2", "follows");
    expect(again).toMatchObject({ kind: "following", known: { calls: 2, firstTakenUpAtMs } });
    const other = sampleTransaction({ transactionId: "T2", userId: "u1", deviceFingerprint: "f".repeat(32) });
    expect(await journal.claim(other, journal.newToken(), NO_HISTORY)).toMatchObject({ kind: "conflict" });
  });
});
