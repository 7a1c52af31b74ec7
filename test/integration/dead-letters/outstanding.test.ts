import { expect, inject, it, onTestFinished } from "vitest";
import { Outstanding } from "../../../scripts/cli/dead-letters/outstanding.ts";
import { parsed, refused } from "../../../shared/domain/parsed.ts";
import { closeRedis, openRedis } from "../../../shared/redis/connection.ts";
import { digestOf } from "../../../shared/redis/journal/digest.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

/** What is followed of letters put back, over a journal that the test writes. */
async function following() {
  const client = await openRedis(inject("redisUrl"));
  const namespace = newNamespace();
  onTestFinished(async () => {
    await removeKeys(client, `${namespace}:*`);
    await closeRedis(client);
  });
  const counts = { replayed: 0, answered: 0, fallbacks: 0, failed: 0, republished: 0, copies: 0, calls: 0 };
  const returned = new Map<string, { reason: "poisoned" | "malformed"; code: undefined; attempts: number }>();
  const take = (bodySha256: string) => {
    const letter = returned.get(bodySha256);
    returned.delete(bodySha256);
    return letter;
  };
  const outstanding = new Outstanding({ client, namespace, counts, returned: { take } });
  const transaction = sampleTransaction({ transactionId: "T1" });
  return {
    counts,
    returned,
    outstanding,
    put: () =>
      outstanding.add({
        letter: { instance: "i1", bodySha256: "sha-1", attempts: 1 },
        transaction: parsed(transaction),
        past: undefined,
        prospect: { kind: "call", callsLeft: 3 },
      }),
    putMalformed: () =>
      outstanding.add({
        letter: { instance: "i2", bodySha256: "sha-2", attempts: 0 },
        transaction: refused("amount.value"),
        past: undefined,
        prospect: { kind: "hopeless", why: "malformed", detail: "amount.value" },
      }),
    journal: (fields: Record<string, string | number>) =>
      client.hset(`${namespace}:journal:T1`, { digest: digestOf(transaction), ...fields }),
  };
}

it("a call moves it on, also where there is no outcome yet", async () => {
  const { counts, outstanding, put, journal } = await following();
  put();
  await journal({ calls: 1, instances: "i1" });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 0, hasMoved: false });
  await journal({ calls: 2 });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 0, hasMoved: true });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 0, hasMoved: false });
  await journal({ kind: "result", body: JSON.stringify({ source: "alipay" }) });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 2, hasMoved: true });
  expect({ counts, size: outstanding.size }).toMatchObject({ counts: { answered: 1, calls: 1 }, size: 0 });
});

it("a fallback is none of its answers", async () => {
  const { counts, outstanding, put, journal } = await following();
  put();
  await journal({ calls: 1, kind: "result", body: JSON.stringify({ source: "fallback" }) });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 3, hasMoved: true });
  expect(counts).toMatchObject({ answered: 0, fallbacks: 1, failed: 0, calls: 0 });
});

it("an answer to other content is none", async () => {
  const { counts, outstanding, put, journal } = await following();
  put();
  await journal({ digest: "another", calls: 1, kind: "result", body: JSON.stringify({ source: "alipay" }) });
  expect(await outstanding.collect()).toMatchObject({ hasMoved: false });
  expect({ counts, size: outstanding.size }).toMatchObject({ counts: { answered: 0 }, size: 1 });
});

it("what comes back has failed, though the journal says nothing of it", async () => {
  const { counts, outstanding, returned, put, putMalformed } = await following();
  put();
  putMalformed();
  returned.set("sha-1", { reason: "poisoned", code: undefined, attempts: 2 });
  expect(await outstanding.collect()).toEqual({ unusedCalls: 2, hasMoved: true });
  expect(outstanding).toMatchObject({ size: 1, lastFailure: "poisoned" });
  returned.set("sha-2", { reason: "malformed", code: undefined, attempts: 0 });
  await outstanding.collect();
  expect({ counts, size: outstanding.size }).toMatchObject({ counts: { failed: 2, calls: 1 }, size: 0 });
});
