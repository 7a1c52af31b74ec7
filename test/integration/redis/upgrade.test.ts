import { beforeEach, describe, expect, it } from "vitest";
import type { Claim, ClaimReply } from "../../../shared/domain/claim.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { Journal } from "../../../shared/redis/journal/journal.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";

const ID = "T202611230000001";

let redis: RedisClient;
let namespace: string;
let journal: Journal;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  journal = testJournal({ redis, namespace });
});

const take = (isUpgrade: boolean): Promise<ClaimReply> =>
  journal.claim(sampleTransaction(), journal.newToken(), {
    ...NO_HISTORY,
    ...(isUpgrade ? { isUpgrade } : {}),
  });

const taken = async (isUpgrade: boolean): Promise<Claim> => claimed(await take(isUpgrade));

const resultOf = (changes: Partial<RiskResult>): Outcome => ({
  kind: "result",
  result: sampleResult(changes),
});
const fallbackOf = (attempts = 0): Outcome =>
  resultOf({ source: "fallback", riskScore: null, revision: 1, attempts });
const scoredAs = (revision: number, attempts = 1): Outcome =>
  resultOf({ source: "alipay", revision, attempts });

const kept = async (): Promise<unknown> =>
  JSON.parse((await redis.get(`${namespace}:result:${ID}`)) ?? "null");

/** A transaction whose fallback stands. */
async function fallBack(): Promise<void> {
  await journal.store(await taken(false), fallbackOf(), 0, undefined);
}

describe("a fallback that stands", () => {
  it("is the end for whoever does not upgrade it, and can be claimed for the upgrade", async () => {
    await fallBack();
    expect(await take(false)).toMatchObject({ kind: "settled", outcome: fallbackOf() });
    const upgrade = await taken(true);
    expect(upgrade.standing).toEqual(sampleResult({ source: "fallback", riskScore: null, attempts: 0 }));
    // Meanwhile duplicates are told what stands, and a second upgrade waits.
    expect(await take(false)).toMatchObject({ kind: "settled", outcome: fallbackOf() });
    expect(await take(true)).toMatchObject({ kind: "leased" });
  });

  it("is replaced by the true score, once, in journal and result", async () => {
    await fallBack();
    const upgrade = await taken(true);
    expect(await journal.sent(upgrade, 1, "permit", 5_000)).toEqual({ kind: "recorded" });
    const first = await journal.store(upgrade, scoredAs(2), 1, undefined);
    expect(first).toEqual({ kind: "stored", outcome: scoredAs(2) });
    const other = resultOf({ source: "alipay", revision: 2, riskScore: 0.99, attempts: 1 });
    const second = await journal.store(upgrade, other, 1, undefined);
    expect(second).toEqual({ kind: "stored", outcome: scoredAs(2) });
    expect(await kept()).toEqual(sampleResult({ revision: 2, attempts: 1 }));
    for (const isUpgrade of [false, true]) {
      expect(await take(isUpgrade)).toEqual({ kind: "settled", outcome: scoredAs(2) });
    }
  });

  it("is not replaced by a late first revision, nor by a dead letter", async () => {
    await fallBack();
    const upgrade = await taken(true);
    const deadLetter: Outcome = {
      kind: "dead-letter",
      deadLetter: { reason: "rejected", detail: "", attempts: 0, replays: 0, failedAt: "", worker: "w1" },
    };
    for (const outcome of [scoredAs(1, 0), deadLetter, fallbackOf()]) {
      const reply = await journal.store(upgrade, outcome, 0, undefined);
      expect(reply).toEqual({ kind: "stored", outcome: fallbackOf() });
    }
  });

  it("counts the calls of before, and takes back one that never left", async () => {
    const first = await taken(false);
    await journal.sent(first, 1, "permit-1", 5_000);
    await journal.store(first, fallbackOf(1), 1, undefined);
    const upgrade = await taken(true);
    expect(upgrade.calls).toBe(1);
    expect(upgrade.nextCallInMs).toBeGreaterThan(4_000); // the first one may yet be answered
    await journal.sent(upgrade, 2, "permit-2", 0);
    await journal.unsent(upgrade, 1, "permit-1"); // counted with the fallback, for good
    expect(await redis.hget(`${namespace}:journal:${ID}`, "calls")).toBe("2");
    await journal.unsent(upgrade, 2, "permit-2");
    expect(await redis.hget(`${namespace}:journal:${ID}`, "calls")).toBe("1");
  });

  it("given back goes on later", async () => {
    await fallBack();
    await journal.release(await taken(true));
    expect((await taken(true)).standing).toBeDefined();
  });
});

it("any other outcome is the end for an upgrade, too", async () => {
  await journal.store(await taken(false), scoredAs(1, 0), 0, undefined);
  expect(await take(true)).toEqual({ kind: "settled", outcome: scoredAs(1, 0) });
});

it("where Redis has lost the fallback, the true score is stored all the same", async () => {
  const upgrade = await taken(true);
  expect(upgrade.standing).toBeUndefined();
  await journal.store(upgrade, scoredAs(2, 0), 0, undefined);
  expect(await take(true)).toEqual({ kind: "settled", outcome: scoredAs(2, 0) });
});
