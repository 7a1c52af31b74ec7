import { describe, expect, it } from "vitest";
import type { Claim } from "../../../shared/domain/claim.ts";
import { readCurrent } from "../../../shared/redis/read-books.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

/** More than leave as one command. */
const MANY = Array.from({ length: 120 }, (_, i) => ({
  transactionId: `T${i}`,
  merchantId: i % 3 === 0 ? undefined : `store-${i % 3}`,
}));

describe("calls of one turn", () => {
  it("are each answered for themselves, and booked together", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    const claims = await Promise.all(
      MANY.map(async (changes) =>
        claimed(await journal.claim(sampleTransaction(changes), journal.newToken(), NO_HISTORY)),
      ),
    );
    expect(claims.map(({ transactionId }) => transactionId)).toEqual(MANY.map((m) => m.transactionId));
    const replies = await Promise.all(claims.map((claim) => journal.sent(claim, 1, "permit", 0)));
    expect(replies).toEqual(MANY.map(() => ({ kind: "recorded" })));
    const outcomeOf = ({ transactionId }: Claim) =>
      ({ kind: "result", result: sampleResult({ transactionId, attempts: 1 }) }) as const;
    const stored = await Promise.all(
      claims.map((claim) => journal.store(claim, outcomeOf(claim), 1, undefined)),
    );
    expect(stored).toEqual(
      claims.map((claim) => ({ kind: "stored", outcome: outcomeOf(claim), wasFirst: true })),
    );
    expect((await readCurrent(redis, namespace)).day).toMatchObject({ calls: 120, scored: 120 });
  });

  it("fail for themselves: what is wrong with one does not stop the others", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    await redis.set(`${namespace}:journal:T7`, "not ours");
    await redis.hset(`${namespace}:journal:T77`, { calls: "not a number" });
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

  it("are asked again where Redis has forgotten the script", async () => {
    const { redis, namespace } = await testRedis();
    const journal = testJournal({ redis, namespace });
    await redis.script("FLUSH");
    const [first, second] = await Promise.all(
      MANY.slice(0, 2).map((changes) =>
        journal.claim(sampleTransaction(changes), journal.newToken(), NO_HISTORY),
      ),
    );
    expect([first?.kind, second?.kind]).toEqual(["claimed", "claimed"]);
  });
});
