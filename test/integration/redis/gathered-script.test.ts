import { describe, expect, it, onTestFinished } from "vitest";
import { startOwnServer } from "../../../scripts/services/start-own-server.ts";
import type { Claim } from "../../../shared/domain/claim.ts";
import { closeRedis, openRedis } from "../../../shared/redis/connection.ts";
import { loadGatheredScript } from "../../../shared/redis/gathered-script.ts";
import type { Journal } from "../../../shared/redis/journal/journal.ts";
import { booksKey, readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

/** More than leave as one command. */
const MANY = Array.from({ length: 120 }, (_, i) => ({
  transactionId: `T${i}`,
  merchantId: i % 3 === 0 ? undefined : `store-${i % 3}`,
}));

const claimAll = (journal: Journal, wanted: typeof MANY): Promise<Claim[]> =>
  Promise.all(
    wanted.map(async (changes) =>
      claimed(await journal.claim(sampleTransaction(changes), journal.newToken(), NO_HISTORY)),
    ),
  );

const outcomeOf = ({ transactionId }: Claim) =>
  ({ kind: "result", result: sampleResult({ transactionId, attempts: 1 }) }) as const;

describe("questions of one turn", () => {
  it("are each answered for themselves, and booked together", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    const claims = await claimAll(journal, MANY);
    expect(claims.map(({ transactionId }) => transactionId)).toEqual(MANY.map((m) => m.transactionId));
    const replies = await Promise.all(claims.map((claim) => journal.sent(claim, 1, "permit", 0)));
    expect(replies).toEqual(MANY.map(() => ({ kind: "recorded" })));
    const stored = await Promise.all(
      claims.map((claim) => journal.store(claim, outcomeOf(claim), 1, undefined)),
    );
    expect(stored).toEqual(claims.map((claim) => ({ kind: "stored", outcome: outcomeOf(claim) })));
    expect((await readCurrent(redis, namespace)).day).toMatchObject({ calls: 120, scored: 120 });
  });

  it("fail for themselves: what is wrong with one does not stop the others", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    await redis.set(`${namespace}:journal:T7`, "not ours");
    await redis.hset(`${namespace}:journal:T77`, { digest: "another", calls: "not a number" });
    const replies = await Promise.allSettled(
      MANY.map((changes) => journal.claim(sampleTransaction(changes), journal.newToken(), NO_HISTORY)),
    );
    const failed = replies.flatMap((reply, i) =>
      reply.status === "rejected" ? [`${i}: ${String(reply.reason)}`] : [],
    );
    expect(failed).toEqual([
      expect.stringMatching(/^7: ReplyError: WRONGTYPE /),
      expect.stringMatching(/^77: ReplyError: ERR user_script:\d+: /),
    ]);
  });

  it("book for themselves: what cannot be read of one's figures stops only that one, before it is stored", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    const { month } = await readCurrent(redis, namespace);
    await redis.hset(
      `${booksKey(namespace)}:${month.period}`,
      "calls m:store-1",
      "0",
      "scored m:store-1",
      "oops",
    );
    const claims = await claimAll(journal, MANY.slice(0, 3));
    const stored = await Promise.allSettled(
      claims.map((claim) => journal.store(claim, outcomeOf(claim), 1, undefined)),
    );
    expect(stored.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await readCurrent(redis, namespace)).day).toMatchObject({ calls: 2, scored: 2 });
    expect(await redis.hget(`${namespace}:journal:T1`, "kind")).toBeNull();
  });

  it("say where an error is from, as Redis does where it ends a script", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    const { month } = await readCurrent(redis, namespace);
    await redis.hset(`${booksKey(namespace)}:${month.period}`, "merchants", "1.5");
    const [claim] = await claimAll(journal, MANY.slice(1, 2));
    if (claim === undefined) throw new Error("nothing is claimed");
    const storing = journal.store(claim, outcomeOf(claim), 1, undefined);
    await expect(storing).rejects.toThrow(/^ERR .*not an integer.* on @user_script$/);
  });

  it("have one shape", async () => {
    const script = loadGatheredScript((await testRedis()).redis, "journal/release");
    const first = script(["a"], ["token"]);
    expect(() => script(["a"], [])).toThrow("same number of keys");
    expect(await first).toBe(1);
  });

  it("are asked again where Redis has forgotten the script", async () => {
    // A server of its own: the others' tests would miss their scripts.
    const server = await startOwnServer("redis", {}, () => undefined);
    onTestFinished(() => server.stop());
    const redis = await openRedis(server.url);
    onTestFinished(() => closeRedis(redis));
    const journal = testJournal({ redis, namespace: "risk" });
    await claimAll(journal, MANY.slice(0, 2));
    await redis.script("FLUSH");
    expect(await claimAll(journal, MANY.slice(2, 4))).toHaveLength(2);
  });
});
