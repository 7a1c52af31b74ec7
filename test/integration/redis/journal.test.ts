import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { Claim, ClaimReply, History } from "../../../shared/domain/claim.ts";
import { MOST_REPLAYS, type DeadLetter } from "../../../shared/domain/dead-letter.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import type { Transaction } from "../../../shared/domain/transaction.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { LEASE_MS } from "../../../shared/redis/journal/held-claims.ts";
import type { Journal } from "../../../shared/redis/journal/journal.ts";
import { readPasts } from "../../../shared/redis/journal/read-past.ts";
import { readPutOff } from "../../../shared/redis/journal/read-put-off.ts";
import { openPseudonyms } from "../../../shared/redis/journal/pseudonym.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, ledgerKeysOf, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

let redis: RedisClient;
let namespace: string;
let journal: Journal;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  journal = await openJournal();
});

const openJournal = async (): Promise<Journal> =>
  testJournal({ redis, namespace }, {}, (await openPseudonyms(redis, namespace, undefined)).pseudonymise);

async function claim(transaction: Transaction, by = journal, history = NO_HISTORY): Promise<ClaimReply> {
  return by.claim(transaction, by.newToken(), history);
}

function resultOf(transactionId: string, attempts: number, riskScore = 0.62): Outcome {
  return { kind: "result", result: sampleResult({ transactionId, attempts, riskScore }) };
}

function deadLetterOf(changes: Partial<DeadLetter> = {}): Outcome {
  return {
    kind: "dead-letter",
    deadLetter: {
      reason: "attempts-exhausted",
      detail: "no answer",
      attempts: 4,
      replays: 0,
      failedAt: "2026-11-23T08:00:00.412+08:00",
      worker: "w1",
      ...changes,
    },
  };
}

async function storeScore(by: Journal): Promise<void> {
  const scored = claimed(await claim(sampleTransaction({ transactionId: "T0" }), by));
  await by.store(scored, resultOf("T0", 0), 0, SCORE);
}

const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };

describe("claiming", () => {
  it("leaves nothing of a claim that a key of somebody else's fails", async () => {
    const leading = testJournal({ redis, namespace }, { flightRole: () => "leads" });
    const { pseudonym } = claimed(await claim(sampleTransaction({ transactionId: "T1" }), leading));
    await redis.del(`${namespace}:flight:${pseudonym}`);
    await redis.set(`${namespace}:flight:${pseudonym}`, "theirs");
    const waited: History = { ...NO_HISTORY, calls: 4, replay: "waited" };
    await expect(claim(sampleTransaction({ transactionId: "T2" }), leading, waited)).rejects.toThrow(
      "WRONGTYPE",
    );
    expect(await redis.exists(`${namespace}:journal:T2`)).toBe(0);
  });

  it("takes a transaction that nobody knows", async () => {
    expect(await claim(sampleTransaction())).toMatchObject({
      kind: "claimed",
      claim: { calls: 0, replays: 0, nextCallInMs: 0, score: undefined },
    });
  });

  it("lets nobody else in while the lease lives", async () => {
    await claim(sampleTransaction());
    const reply = await claim(sampleTransaction(), await openJournal());
    expect(reply).toMatchObject({
      kind: "leased",
      remainingMs: expect.toSatisfy((ms: number) => ms <= LEASE_MS),
    });
  });

  it("gives the same claim to the same token again: a reply may have been lost", async () => {
    const token = journal.newToken();
    await journal.claim(sampleTransaction(), token, NO_HISTORY);
    expect(claimed(await journal.claim(sampleTransaction(), token, NO_HISTORY)).token).toBe(token);
  });

  it.each([
    { need: "never", isStored: false, isLeased: false },
    { need: "unless-scored", isStored: false, isLeased: true },
    { need: "unless-scored", isStored: true, isLeased: false },
    { need: "always", isStored: true, isLeased: true },
  ] as const)(
    "takes a lease where it is needed: $need, a score stored: $isStored",
    async ({ need, isStored, isLeased }) => {
      const quick = testJournal({ redis, namespace }, { leaseNeed: () => need });
      if (isStored) await storeScore(quick);
      const first = claimed(await claim(sampleTransaction(), quick));
      expect(first).toMatchObject({ isLeased, calls: 0, score: isStored ? SCORE : undefined });
      expect(await redis.exists(`${namespace}:journal:${first.transactionId}`)).toBe(isLeased ? 1 : 0);
      expect(await claim(sampleTransaction(), quick)).toMatchObject({
        kind: isLeased ? "leased" : "claimed",
      });
    },
  );

  it("takes a lease all the same for what has a past, and where a claim without one did not do", async () => {
    const quick = testJournal({ redis, namespace }, { leaseNeed: () => "never" });
    const leased = { kind: "claimed", claim: { isLeased: true } };
    expect(await claim(sampleTransaction(), quick, { ...NO_HISTORY, calls: 1 })).toMatchObject(leased);
    const waited = sampleTransaction({ transactionId: "T4" });
    expect(await claim(waited, quick, { ...NO_HISTORY, replay: "waited" })).toMatchObject(leased);
    const other = sampleTransaction({ transactionId: "T2" });
    expect(await claim(other, quick, { ...NO_HISTORY, needsLease: true })).toMatchObject(leased);
    const replayed = sampleTransaction({ transactionId: "T3" });
    const replay: History = { ...NO_HISTORY, replay: "fresh", instance: "letter" };
    const reopened = claimed(await claim(replayed, quick, replay));
    expect(reopened.isLeased).toBe(true);
    await quick.store(reopened, deadLetterOf(), 0, undefined);
    expect(await claim(replayed, quick, replay)).toMatchObject({ kind: "settled" });
  });

  it("keeps a score that was paid for, also where somebody answered without a lease meanwhile", async () => {
    const quick = testJournal({ redis, namespace }, { leaseNeed: () => "never" });
    const unleased = claimed(await claim(sampleTransaction(), quick));
    const caller = claimed(await claim(sampleTransaction(), quick, { ...NO_HISTORY, needsLease: true }));
    expect(await quick.sent(caller, 1, "permit", 0)).toEqual({ kind: "recorded" });
    const fromCache: Outcome = {
      kind: "result",
      result: sampleResult({ transactionId: unleased.transactionId, attempts: 1, source: "cache" }),
    };
    expect(await quick.store(unleased, fromCache, 1, undefined)).toMatchObject({ kind: "stored" });
    const paid = resultOf(caller.transactionId, 1, 0.9);
    expect(await quick.store(caller, paid, 1, SCORE)).toMatchObject({ outcome: fromCache });
    const next = sampleTransaction({ transactionId: "T2" });
    expect(claimed(await claim(next, quick)).score).toEqual(SCORE);
    // Nothing was saved where there was a call.
    expect((await readCurrent(redis, namespace)).day).toMatchObject({ calls: 1, cached: 1, savedByCache: 0 });
  });

  it("of two who answer without a lease takes the first one's outcome", async () => {
    const quick = testJournal({ redis, namespace }, { leaseNeed: () => "never" });
    const [first, second] = [
      claimed(await claim(sampleTransaction(), quick)),
      claimed(await claim(sampleTransaction(), quick)),
    ];
    const outcome = resultOf(first.transactionId, 0);
    expect(await quick.store(first, outcome, 0, undefined)).toMatchObject({ kind: "stored" });
    const other = resultOf(first.transactionId, 0, 0.9);
    expect(await quick.store(second, other, 0, undefined)).toEqual({
      kind: "stored",
      outcome,
    });
    const repaired = { ...second, digest: "of other content" };
    expect(await quick.store(repaired, other, 0, undefined)).toEqual({ kind: "conflict", calls: 0 });
  });

  it("remembers of what it may be asked again when it was answered without a lease", async () => {
    const quick = testJournal({ redis, namespace }, { leaseNeed: () => "never" });
    const ids = ["answered", "told-a-fallback"];
    const [answered, told] = [
      claimed(await claim(sampleTransaction({ transactionId: ids[0] }), quick)),
      claimed(await claim(sampleTransaction({ transactionId: ids[1] }), quick)),
    ];
    await quick.store(answered, resultOf(answered.transactionId, 0), 0, undefined);
    const fallback = sampleResult({
      transactionId: told.transactionId,
      attempts: 0,
      source: "fallback",
      riskScore: null,
    });
    await quick.store(told, { kind: "result", result: fallback }, 0, undefined);
    const [ofAnswered, ofTold] = await readPasts(redis, namespace, ids);
    expect(ofAnswered).toMatchObject({ kind: "result", firstAtMs: undefined });
    expect(ofTold?.firstAtMs).toBeGreaterThanOrEqual(told.nowMs);
    expect(ofTold?.firstAtMs).toBeLessThanOrEqual(await redisNow(redis));
  });

  it("remembers when it was first taken up", async () => {
    const first = claimed(await claim(sampleTransaction()));
    await journal.release(first);
    const second = claimed(await claim(sampleTransaction()));
    expect(second.firstTakenUpAtMs).toBe(first.firstTakenUpAtMs);
    await sleep(2); // Redis' clock goes on
    await journal.store(second, resultOf(second.transactionId, 0), 0, undefined);
    const [past] = await readPasts(redis, namespace, [first.transactionId]);
    expect(past?.firstAtMs).toBe(first.firstTakenUpAtMs);
  });

  it("lets the next one in at once after a release", async () => {
    await journal.release(claimed(await claim(sampleTransaction())));
    expect(claimed(await claim(sampleTransaction()))).toMatchObject({ calls: 0 });
  });

  it.each([
    {
      title: "the same amount, other decimals",
      changes: { amount: { value: "128.5", currency: "CNY" } },
      kind: "leased",
    },
    { title: "other metadata", changes: { metadata: { channel: "web" } }, kind: "leased" },
    { title: "another amount", changes: { amount: { value: "128.51", currency: "CNY" } }, kind: "conflict" },
    { title: "another payer", changes: { userId: "2088102146225136" }, kind: "conflict" },
  ])("a known id with $title is $kind", async ({ changes, kind }) => {
    await claim(sampleTransaction());
    expect((await claim(sampleTransaction(changes))).kind).toBe(kind);
  });

  it("takes the larger of the dead letter's count of calls and the journal's", async () => {
    const history: History = { calls: 2, replays: 1, replay: "fresh" };
    expect(claimed(await claim(sampleTransaction(), journal, history))).toMatchObject({ calls: 2 });
  });

  it("tells whoever must wait what is known, so that an outcome can be stored all the same", async () => {
    const holder = claimed(await claim(sampleTransaction()));
    await journal.sent(holder, 1, "permit-1", 5_000);
    const reply = await claim(sampleTransaction(), await openJournal());
    if (reply.kind !== "leased") throw new Error(`not leased but ${reply.kind}`);
    expect(reply.known).toMatchObject({
      calls: 1,
      digest: holder.digest,
      firstTakenUpAtMs: holder.firstTakenUpAtMs,
    });
    expect(reply.known.nowMs).toBeGreaterThanOrEqual(holder.nowMs);
    const outcome = resultOf(holder.transactionId, 1);
    expect(await journal.store(reply.known, outcome, 1, undefined)).toMatchObject({ kind: "stored" });
    expect(await journal.sent(holder, 2, "permit-2", 5_000)).toEqual({ kind: "settled", outcome });
  });

  it("does not leave while a limit answer is fresh, and does afterwards", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await redis.hset(ledgerKeysOf(namespace).state, "heededUntil", Date.now() + 60_000);
    expect(await journal.sent(taken, 1, "permit-1", 0)).toEqual({ kind: "withdrawn" });
    expect(await redis.hget(`${namespace}:journal:${taken.transactionId}`, "calls")).toBe("0");
    await redis.hset(ledgerKeysOf(namespace).state, "heededUntil", Date.now() - 1_000);
    expect(await journal.sent(taken, 1, "permit-2", 0)).toEqual({ kind: "recorded" });
  });

  it.each(["freeze", "permission"] as const)(
    "does not leave while a %s stands, but as its probe",
    async (hold) => {
      const taken = claimed(await claim(sampleTransaction()));
      await redis.hset(ledgerKeysOf(namespace)[hold], "until", Date.now() + 60_000);
      expect(await journal.sent(taken, 1, "permit-1", 0)).toEqual({ kind: "withdrawn" });
      await redis.hset(ledgerKeysOf(namespace)[hold], "probedAt", Date.now());
      expect(await journal.sent(taken, 1, "permit-2", 0)).toEqual({ kind: "recorded" });
    },
  );

  it("believes the calls that a waiting copy tells of, and replays nothing for it", async () => {
    const waited: History = { calls: 2, replays: 0, replay: "none" };
    expect(claimed(await claim(sampleTransaction(), journal, waited))).toMatchObject({
      calls: 2,
      replays: 0,
    });
    const dead = claimed(await claim(sampleTransaction({ transactionId: "T2" })));
    await journal.store(dead, deadLetterOf(), 4, undefined);
    const again = await claim(sampleTransaction({ transactionId: "T2" }), journal, waited);
    expect(again.kind).toBe("settled");
  });

  it("tells whoever has the lease of calls that only a later delivery knows of: the journal was lost before", async () => {
    const holder = claimed(await claim(sampleTransaction()));
    const told: History = { calls: 2, replays: 0, replay: "none" };
    const reply = await claim(sampleTransaction(), await openJournal(), told);
    expect(reply).toMatchObject({ kind: "leased", known: { calls: 2 } });
    expect(await journal.sent(holder, 1, "permit-1", 0)).toEqual({ kind: "lost" });
    expect(claimed(await journal.claim(sampleTransaction(), holder.token, NO_HISTORY)).calls).toBe(2);
  });

  it("keeps nothing for ever", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 5_000);
    await journal.store(taken, resultOf(taken.transactionId, 1), 1, SCORE);
    const keys = await redis.keys(`${namespace}:*`);
    const lives = await Promise.all(
      keys.filter((key) => !key.endsWith(":pseudonym-key")).map((key) => redis.ttl(key)),
    );
    expect(lives).toHaveLength(4); // journal, result, score, the books
    for (const seconds of lives) expect(seconds).toBeGreaterThan(0);
  });

  it("holds no user id in any key or value", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, resultOf(taken.transactionId, 1), 1, SCORE);
    const keys = await redis.keys(`${namespace}:*`);
    const dumps = await Promise.all(
      keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString("latin1")]),
    );
    expect(JSON.stringify(dumps)).not.toContain("2088102146225135");
  });
});

describe("a journal that was lost while a claim is in hand", () => {
  const journalKey = (transactionId: string) => `${namespace}:journal:${transactionId}`;
  const callsOf = (transactionId: string) => redis.hget(journalKey(transactionId), "calls");
  const renewed = { timeout: LEASE_MS, interval: 50 };

  it("is told again all that is known of it", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 60_000);
    const before = await redis.hgetall(journalKey(taken.transactionId));
    await redis.del(journalKey(taken.transactionId));
    await expect.poll(() => callsOf(taken.transactionId), renewed).toBe("1");

    const { digest, token, firstAt, replays } = before;
    const after = await redis.hgetall(journalKey(taken.transactionId));
    expect(after).toMatchObject({ v: "1", digest, token, firstAt, replays, calls: "1" });
    expect(Math.abs(Number(after["nextCallAt"]) - Number(before["nextCallAt"]))).toBeLessThan(200);
    expect(await redis.ttl(journalKey(taken.transactionId))).toBeGreaterThan(900);
    expect((await claim(sampleTransaction(), await openJournal())).kind).toBe("leased");
    expect(await journal.sent(taken, 2, "permit-2", 0)).toEqual({ kind: "recorded" });
  });

  it("knows of no call that was taken back", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 60_000);
    await journal.unsent(taken, 1, "permit-1");
    await redis.del(journalKey(taken.transactionId));
    await expect.poll(() => callsOf(taken.transactionId), renewed).toBe("0");
    expect(claimed(await journal.claim(sampleTransaction(), taken.token, NO_HISTORY)).nextCallInMs).toBe(0);
  });

  it("that somebody has taken up meanwhile stays theirs; but it learns of the calls, and so do they", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 0);
    await redis.del(journalKey(taken.transactionId));
    const other = await openJournal();
    const theirs = claimed(await claim(sampleTransaction(), other));
    expect(theirs.calls).toBe(0);
    await expect.poll(() => callsOf(taken.transactionId), renewed).toBe("1");
    expect(await redis.hget(journalKey(taken.transactionId), "token")).toBe(theirs.token);
    expect(await other.sent(theirs, 1, "permit-2", 0)).toEqual({ kind: "lost" });
    const history: History = { calls: theirs.calls, replays: 0, replay: "none" };
    expect(claimed(await other.claim(sampleTransaction(), theirs.token, history)).calls).toBe(1);
    other.close();
  });

  it("that a duplicate in the same replica has taken up meanwhile learns of the calls, too", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 0);
    await redis.del(journalKey(taken.transactionId));
    const theirs = claimed(await claim(sampleTransaction()));
    await expect.poll(() => callsOf(taken.transactionId), renewed).toBe("1");
    expect(await journal.sent(theirs, 1, "permit-2", 0)).toEqual({ kind: "lost" });
  });

  it.each([
    {
      title: "has an outcome by now",
      change: (of: Claim) =>
        journal.store({ ...of, token: "theirs" }, resultOf(of.transactionId, 0), 0, undefined),
      expected: [null, "result", null],
    },
    {
      title: "knows of more calls",
      change: (of: Claim) =>
        redis.hset(journalKey(of.transactionId), { digest: of.digest, calls: 3, token: "theirs" }),
      expected: ["theirs", null, "3"],
    },
  ])("and $title is left alone", async ({ change, expected }) => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 0);
    await redis.del(journalKey(taken.transactionId));
    await change(taken);
    const witness = claimed(await claim(sampleTransaction({ transactionId: "T2" })));
    await redis.del(journalKey(witness.transactionId));
    await expect.poll(() => callsOf(witness.transactionId), renewed).toBe("0");
    expect(await redis.hmget(journalKey(taken.transactionId), "token", "kind", "calls")).toEqual(expected);
  });

  it("restores nothing that was given back", async () => {
    const given = claimed(await claim(sampleTransaction()));
    await journal.release(given);
    await redis.del(journalKey(given.transactionId));
    const witness = claimed(await claim(sampleTransaction({ transactionId: "T2" })));
    await redis.del(journalKey(witness.transactionId));
    await expect.poll(() => callsOf(witness.transactionId), renewed).toBe("0");
    expect(await redis.exists(journalKey(given.transactionId))).toBe(0);
  });

  it("restores nothing whose outcome nobody can read", async () => {
    const [sent, stored] = [
      claimed(await claim(sampleTransaction({ transactionId: "T1" }))),
      claimed(await claim(sampleTransaction({ transactionId: "T2" }))),
    ];
    const unreadable = { kind: "result", body: "{}", token: "" };
    for (const { transactionId } of [sent, stored]) {
      await redis.hset(journalKey(transactionId), unreadable);
    }
    await expect(journal.sent(sent, 1, "permit-1", 0)).rejects.toMatchObject({ name: "ZodError" });
    await expect(journal.store(stored, resultOf("T2", 0), 0, undefined)).rejects.toMatchObject({
      name: "ZodError",
    });
    await redis.del(journalKey("T1"), journalKey("T2"));
    const witness = claimed(await claim(sampleTransaction({ transactionId: "T3" })));
    await redis.del(journalKey(witness.transactionId));
    await expect.poll(() => callsOf(witness.transactionId), renewed).toBe("0");
    expect(await redis.exists(journalKey("T1"), journalKey("T2"))).toBe(0);
  });
});

describe("recording calls", () => {
  it("counts each once, and tells the next owner when the next one is due", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    expect(await journal.sent(taken, 1, "permit-1", 5_000)).toEqual({ kind: "recorded" });
    await journal.release(taken);
    const next = claimed(await claim(sampleTransaction()));
    expect(next.calls).toBe(1);
    expect(next.nextCallInMs).toBeGreaterThan(4_000);
    expect(next.nextCallInMs).toBeLessThanOrEqual(5_000);
  });

  it("records the same call twice as one", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 5_000);
    expect(await journal.sent(taken, 1, "permit-1", 5_000)).toEqual({ kind: "recorded" });
    await journal.release(taken);
    expect(claimed(await claim(sampleTransaction())).calls).toBe(1);
  });

  it("refuses a token whose lease went to somebody else", async () => {
    const stale = claimed(await claim(sampleTransaction()));
    await journal.release(stale);
    await claim(sampleTransaction());
    expect(await journal.sent(stale, 1, "permit-1", 5_000)).toEqual({ kind: "lost" });
  });

  it("refuses once an outcome is stored, and says which", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    const outcome = resultOf(taken.transactionId, 0);
    await journal.store(taken, outcome, 0, undefined);
    expect(await journal.sent(taken, 1, "permit-1", 5_000)).toEqual({ kind: "settled", outcome });
  });

  it("takes nothing back that was recorded anew since: the message may be late", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "stale", 5_000);
    await journal.sent(taken, 1, "fresh", 5_000);
    await journal.unsent(taken, 1, "stale");
    await journal.release(taken);
    expect(claimed(await claim(sampleTransaction())).calls).toBe(1);
  });

  it("takes back a call that never left, and only that one", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 5_000);
    await journal.sent(taken, 2, "permit-2", 10_000);
    await journal.unsent(taken, 1, "permit-1");
    await journal.unsent(taken, 2, "permit-2");
    await journal.unsent(taken, 2, "permit-2");
    await journal.release(taken);
    expect(claimed(await claim(sampleTransaction()))).toMatchObject({ calls: 1, nextCallInMs: 0 });
  });
});

describe("storing", () => {
  it("keeps the first outcome, from whichever token", async () => {
    const first = claimed(await claim(sampleTransaction()));
    await journal.release(first);
    const second = claimed(await claim(sampleTransaction()));
    const outcome = resultOf(first.transactionId, 1, 0.1);
    expect(await journal.store(first, outcome, 1, SCORE)).toEqual({
      kind: "stored",
      outcome,
    });
    const later = await journal.store(second, resultOf(first.transactionId, 1, 0.9), 1, SCORE);
    expect(later).toEqual({ kind: "stored", outcome });
  });

  it("asks for a recount where others made calls that the outcome does not tell", async () => {
    const first = claimed(await claim(sampleTransaction()));
    await journal.sent(first, 1, "permit-1", 0);
    await journal.sent(first, 2, "permit-2", 0);
    expect(await journal.store(first, resultOf(first.transactionId, 1), 1, SCORE)).toEqual({
      kind: "recount",
      calls: 2,
    });
  });

  it("answers later deliveries with the stored outcome", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    const outcome = deadLetterOf();
    await journal.store(taken, outcome, 4, undefined);
    expect(await claim(sampleTransaction())).toEqual({ kind: "settled", outcome });
  });

  it("publishes the result's very text under the result's key", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    const outcome = resultOf(taken.transactionId, 1);
    await journal.store(taken, outcome, 1, SCORE);
    const text = await redis.get(`${namespace}:result:${taken.transactionId}`);
    expect(JSON.parse(text ?? "null")).toEqual(outcome.kind === "result" && outcome.result);
  });

  it("takes a score that cannot be read for none, and holds nothing on its account", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, resultOf(taken.transactionId, 1), 1, SCORE);
    const [key] = await redis.keys(`${namespace}:score:*`);
    await redis.set(key ?? "", "{garbage");
    expect(claimed(await claim(sampleTransaction({ transactionId: "T2" }))).score).toBeUndefined();
  });

  it("gives the payer's score to the payer's next transaction, and to nobody else's", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, resultOf(taken.transactionId, 1), 1, SCORE);
    const returning = claimed(await claim(sampleTransaction({ transactionId: "T2" })));
    const stranger = claimed(
      await claim(sampleTransaction({ transactionId: "T3", userId: "2088000000000000" })),
    );
    expect(returning.score).toEqual(SCORE);
    expect(stranger.score).toBeUndefined();
  });

  it("gives nobody a score where scores are no longer used, also one that is still there", async () => {
    await storeScore(journal);
    const other = testJournal(
      { redis, namespace },
      { cacheTtlSeconds: 0 },
      (await openPseudonyms(redis, namespace, undefined)).pseudonymise,
    );
    expect(claimed(await claim(sampleTransaction())).score).toEqual(SCORE);
    expect(claimed(await claim(sampleTransaction({ transactionId: "T2" }), other)).score).toBeUndefined();
  });

  it("counts the spend of every call once", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.sent(taken, 1, "permit-1", 0);
    await journal.sent(taken, 2, "permit-2", 0);
    await journal.store(taken, resultOf(taken.transactionId, 2), 2, SCORE);
    await journal.store(taken, resultOf(taken.transactionId, 2), 2, SCORE);
    const { day } = await readCurrent(redis, namespace);
    expect(day).toMatchObject({ calls: 2, tenThousandths: 400, scored: 1 });
  });
});

describe("storing after a repaired dead letter was replayed", () => {
  const replayed: History = { calls: 4, replays: 0, replay: "fresh" };
  const repaired = sampleTransaction({ amount: { value: "12.50", currency: "CNY" } });

  it.each(["before", "after"])("is a conflict %s the new content has an outcome", async (when) => {
    const first = claimed(await claim(sampleTransaction()));
    await journal.store(first, deadLetterOf({ attempts: 0 }), 0, undefined);
    const second = claimed(await claim(repaired, journal, replayed));
    const outcome = resultOf(second.transactionId, 4);
    if (when === "after") await journal.store(second, outcome, 4, undefined);
    const late = await journal.store(first, resultOf(first.transactionId, 0), 0, SCORE);
    expect(late).toEqual({ kind: "conflict", calls: 4 });
    expect(await journal.store(second, outcome, 4, undefined)).toMatchObject({ kind: "stored", outcome });
  });
});

describe("replaying", () => {
  const replay = (replays: number, how: "fresh" | "again"): History => ({ calls: 4, replays, replay: how });

  it.each([
    { how: "fresh", says: 0, expected: { kind: "claimed", claim: { calls: 4, replays: 1 } } },
    { how: "fresh", says: 1, expected: { kind: "claimed", claim: { calls: 4, replays: 2 } } },
    { how: "again", says: 0, expected: { kind: "claimed", claim: { calls: 4, replays: 1 } } },
  ] as const)(
    "a dead letter delivered $how as replay $says is $expected.kind",
    async ({ how, says, expected }) => {
      const taken = claimed(await claim(sampleTransaction()));
      await journal.store(taken, deadLetterOf(), 4, undefined);
      const reply = await claim(sampleTransaction(), journal, replay(says, how));
      expect(reply).toMatchObject(expected);
    },
  );

  it("opens nothing a second time when its delivery comes back after it ended", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, deadLetterOf(), 4, undefined);
    const replayed = claimed(await claim(sampleTransaction(), journal, replay(0, "fresh")));
    await journal.store(replayed, deadLetterOf({ replays: 1 }), 4, undefined);
    expect((await claim(sampleTransaction(), journal, replay(0, "again"))).kind).toBe("settled");
  });

  it("counts as one more than its letter knows of where the journal is gone, however often it is delivered", async () => {
    for (const how of ["fresh", "again", "waited"] as const) {
      const taken = claimed(await claim(sampleTransaction(), journal, { calls: 0, replays: 2, replay: how }));
      expect(taken.replays).toBe(3);
      await journal.release(taken);
    }
  });

  it("counts no more than is believed of a letter, which would pass for an old copy else", async () => {
    const often: History = { calls: 0, replays: MOST_REPLAYS, replay: "fresh" };
    expect(claimed(await claim(sampleTransaction(), journal, often)).replays).toBe(MOST_REPLAYS);
  });

  it("opens nothing a second time where the journal was gone when it began", async () => {
    const replayed = claimed(await claim(sampleTransaction(), journal, replay(0, "fresh")));
    await journal.store(replayed, deadLetterOf({ replays: replayed.replays }), 4, undefined);
    expect((await claim(sampleTransaction(), journal, replay(0, "again"))).kind).toBe("settled");
    const next = claimed(await claim(sampleTransaction(), journal, replay(replayed.replays, "again")));
    expect(next.replays).toBe(2);
  });

  it("books no calls that only the dead letter's header tells of", async () => {
    const taken = claimed(await claim(sampleTransaction(), journal, replay(0, "fresh")));
    await journal.store(taken, deadLetterOf(), 4, undefined);
    expect(await redis.keys(`${namespace}:spend:*`)).toEqual([]);
  });

  it("books the calls that only a waiting copy tells of: Redis has lost what was booked with the journal", async () => {
    const waited: History = { calls: 3, replays: 1, replay: "waited" };
    const taken = claimed(await claim(sampleTransaction(), journal, waited));
    await journal.store(taken, resultOf(taken.transactionId, 3), 3, undefined);
    expect((await readCurrent(redis, namespace)).day.calls).toBe(3);
  });

  it("never reopens a result", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, resultOf(taken.transactionId, 1), 1, SCORE);
    expect((await claim(sampleTransaction(), journal, replay(1, "fresh"))).kind).toBe("settled");
  });

  it("takes a repaired dead letter, and then holds to the repaired content", async () => {
    const taken = claimed(await claim(sampleTransaction()));
    await journal.store(taken, deadLetterOf(), 4, undefined);
    const repaired = sampleTransaction({ amount: { value: "12.50", currency: "CNY" } });
    expect((await claim(repaired, journal, replay(1, "fresh"))).kind).toBe("claimed");
    expect((await claim(sampleTransaction())).kind).toBe("conflict");
  });
});

describe("what is put off", () => {
  const amount = (value: string, currency: string, minorUnits: number) => ({ value, currency, minorUnits });
  const yuan = amount("128.50", "CNY", 12_850);

  const today = async (of: Claim) => readPutOff(redis, namespace, formatInstant(of.nowMs).slice(0, 10));

  it("is counted once, whoever sends it round and however often, by currency", async () => {
    const first = claimed(await claim(sampleTransaction({ transactionId: "T1" })));
    await journal.putOff(first, yuan);
    await journal.putOff(first, yuan); // a lost reply
    const again = claimed(await claim(sampleTransaction({ transactionId: "T1" })));
    await journal.putOff(again, yuan);
    for (const transactionId of ["T2", "T3"]) {
      const other = claimed(await claim(sampleTransaction({ transactionId })));
      await journal.putOff(other, amount("1000", "JPY", 1_000));
    }
    expect(await today(first)).toEqual([
      { currency: "JPY", transactions: 2, minorUnits: 2_000 },
      { currency: "CNY", transactions: 1, minorUnits: 12_850 },
    ]);
    expect(
      await redis.ttl(`${namespace}:put-off:${formatInstant(first.nowMs).slice(0, 10)}`),
    ).toBeGreaterThan(0);
  });

  it("gives its claim back, and nobody else's", async () => {
    const mine = claimed(await claim(sampleTransaction()));
    await journal.putOff({ ...mine, token: "somebody else's" }, yuan);
    expect(await claim(sampleTransaction())).toMatchObject({ kind: "leased" });
    await journal.putOff(mine, yuan);
    expect(await claim(sampleTransaction())).toMatchObject({ kind: "claimed" });
  });

  it("makes no journal anew that was lost", async () => {
    const mine = claimed(await claim(sampleTransaction()));
    await removeKeys(redis, `${namespace}:journal:*`);
    await journal.putOff(mine, yuan);
    expect(await redis.keys(`${namespace}:journal:*`)).toEqual([]);
    expect(await today(mine)).toEqual([]);
  });
});

describe("a replay that says which dead letter it puts back", () => {
  const letter = (instance: string, changes: Partial<History> = {}): History => ({
    calls: 4,
    replays: 0,
    replay: "fresh",
    instance,
    forgiven: 0,
    ...changes,
  });

  async function fail(calls = 4): Promise<void> {
    const first = claimed(await claim(sampleTransaction()));
    await journal.store(first, deadLetterOf({ attempts: calls }), calls, undefined);
  }

  async function failAgain(history: History): Promise<Claim> {
    const taken = claimed(await claim(sampleTransaction(), journal, history));
    await journal.store(taken, deadLetterOf({ replays: taken.replays }), taken.calls, undefined);
    return taken;
  }

  it("reopens it once, however often and in whatever way it comes", async () => {
    await fail();
    await failAgain(letter("one"));
    for (const replay of ["fresh", "again", "waited"] as const) {
      const reply = await claim(sampleTransaction(), journal, letter("one", { replay }));
      expect(reply.kind).toBe("settled");
    }
  });

  it("goes on where a crash interrupted it", async () => {
    await fail();
    const taken = claimed(await claim(sampleTransaction(), journal, letter("one")));
    await journal.release(taken);
    const again = claimed(await claim(sampleTransaction(), journal, letter("one", { replay: "again" })));
    expect(again.replays).toBe(1);
  });

  it("reopens the next dead letter of the transaction", async () => {
    await fail();
    await failAgain(letter("one"));
    expect((await claim(sampleTransaction(), journal, letter("two", { replays: 1 }))).kind).toBe("claimed");
  });

  it("reopens nothing with a letter of before, also where that one is forgotten", async () => {
    await fail();
    for (let replays = 0; replays < 12; replays++) await failAgain(letter(`letter-${replays}`, { replays }));
    expect((await claim(sampleTransaction(), journal, letter("letter-0"))).kind).toBe("settled");
    expect((await claim(sampleTransaction(), journal, letter("unseen"))).kind).toBe("settled");
  });

  it("never reopens a result", async () => {
    const first = claimed(await claim(sampleTransaction()));
    await journal.store(first, { kind: "result", result: sampleResult() }, 2, undefined);
    expect((await claim(sampleTransaction(), journal, letter("one"))).kind).toBe("settled");
  });

  it("brings a repaired content once", async () => {
    await fail();
    const repaired = sampleTransaction({ merchantCategoryCode: "5412" });
    await failAgain(letter("one"));
    expect((await claim(repaired, journal, letter("edited"))).kind).toBe("claimed");
  });

  it("forgives calls once, and never more than were made", async () => {
    await fail();
    const first = await failAgain(letter("one", { forgiven: 99 }));
    expect(first).toMatchObject({ calls: 4, forgiven: 4 });
    const copy = await claim(sampleTransaction(), journal, letter("one", { forgiven: 99, calls: 8 }));
    expect(copy.kind).toBe("settled");
    const next = claimed(await claim(sampleTransaction(), journal, letter("two", { replays: 1 })));
    expect(next).toMatchObject({ calls: 4, forgiven: 4 });
  });
});
