import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { closeRedis, openRedis } from "../../../shared/redis/connection.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { riskline } from "../../unit/cli/riskline-process.ts";
import { testBroker } from "../amqp/broker.ts";
import { PATIENT_MS } from "./installation.ts";

const KINDS = ["malformed", "unsupported-rail", "rejected", "attempts-exhausted", "expired"] as const;

const headersOf = (reason: string) => ({
  "x-risk-reason": reason,
  "x-risk-detail": "as the worker says",
  "x-risk-attempts": 1,
  "x-risk-replays": 0,
  "x-risk-failed-at": "2026-11-23T08:00:00.000+08:00",
  "x-producer": "mei@example.org",
});

/** A dead-letter queue that no worker looks at. */
async function deadLetterQueue() {
  const broker = await testBroker();
  const redis = await openRedis(inject("redisUrl"));
  const folder = mkdtempSync(join(tmpdir(), "letters-"));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true });
    await removeKeys(redis, `${broker.namespace}:*`);
    await closeRedis(redis);
  });
  const env = {
    AMQP_URL: broker.url,
    REDIS_URL: inject("redisUrl"),
    NAMESPACE: broker.namespace,
    RISKLINE_OPERATOR: "mei",
  };
  return {
    redis,
    namespace: broker.namespace,
    async put(reason: string, body: object | Buffer): Promise<void> {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const options = { persistent: true, headers: headersOf(reason) };
      broker.channel.publish(broker.names.exchanges.deadLetters, reason, bytes, options);
      await broker.channel.waitForConfirms();
    },
    ready: async () => (await broker.channel.checkQueue(broker.names.deadLetters)).messageCount,
    run: (...args: string[]) => riskline(["dead-letters", ...args], { env, cwd: folder }),
    audit: async (): Promise<unknown> => JSON.parse((await riskline(["audit", "--json"], { env })).stdout),
    read: (file: string) => readFileSync(join(folder, file), "utf8"),
  };
}

describe("dead letters", { timeout: PATIENT_MS }, () => {
  it("are counted by reason, copies apart, and stay as they were", async () => {
    const queue = await deadLetterQueue();
    for (let i = 0; i < 50; i++) await queue.put(KINDS[i % 5] ?? "", sampleBody({ transactionId: `T${i}` }));
    await queue.put("rejected", sampleBody({ transactionId: "T2" }));
    const rejected = { reason: "rejected", letters: 10, copies: 1 };
    const others = ["attempts-exhausted", "expired", "malformed"].map((reason) => ({ reason, letters: 10 }));
    const all = await queue.run("list", "--json");
    expect(JSON.parse(all.stdout)).toMatchObject({
      letters: 50,
      copies: 1,
      groups: [
        ...others,
        { ...rejected, atStake: [{ value: "1285.00", currency: "CNY" }] },
        { reason: "unsupported-rail", letters: 10 },
      ],
    });
    const page = await queue.run("list", "--reason", "expired", "--page", "2", "--page-size", "4", "--json");
    expect(JSON.parse(page.stdout)).toMatchObject({
      pages: 3,
      items: [24, 29, 34, 39].map((i) => ({ transactionId: `T${i}` })),
    });
    expect(await queue.ready()).toBe(51);
  });

  it("show no personal data unless that is audited", async () => {
    const queue = await deadLetterQueue();
    await queue.put("malformed", sampleBody({ userid: "13800138000" }));
    const masked = await queue.run("show", "T202611230000001");
    for (const personal of ["2088102146225135", "13800138000", "31.2304", "9f86d0", "mei@example.org"])
      expect(masked.stdout).not.toContain(personal);
    expect(await queue.audit()).toEqual([]);
    const seen = await queue.run("show", "T202611230000001", "--reveal", "--why", "a dispute");
    expect(seen.stdout).toContain("13800138000");
    expect(await queue.audit()).toMatchObject([
      { act: "dead-letters-reveal", by: "mei", reason: "a dispute", details: { id: "T202611230000001" } },
    ]);
  });

  it("are mended, audited without what is in them, and only where there is no result", async () => {
    const queue = await deadLetterQueue();
    await queue.put("malformed", sampleBody({ amount: { value: "0.00", currency: "CNY" } }));
    const edit = ["edit", "T202611230000001", "--why", "the till sent 0.00", "--yes"];
    const refused = await queue.run(...edit, "--set", "amount.value=0.001");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("nothing was changed: amount.value must have at most 2 decimals");

    const journal = `${queue.namespace}:journal:T202611230000001`;
    await queue.redis.hset(journal, { digest: "d", kind: "result", body: "{}" });
    const answered = await queue.run(...edit, "--set", "amount.value=12.50");
    expect(answered.stderr).toContain("has a result, which stands");
    await queue.redis.del(journal);

    const edited = await queue.run(...edit, "--set", "amount.value=12.50");
    expect(edited).toMatchObject({ status: 0, stderr: expect.stringContaining('"0.00" -> "12.50"') });
    const [shown] = JSON.parse((await queue.run("show", "T202611230000001", "--json")).stdout);
    expect(shown).toMatchObject({
      reason: "malformed",
      editedAt: expect.any(String),
      body: { amount: { value: "12.50" } },
      onReplay: { kind: "call" },
    });
    expect(await queue.ready()).toBe(1);
    const audit = await queue.audit();
    expect(audit).toMatchObject([{ act: "dead-letters-edit", details: { fields: ["amount.value"] } }]);
    expect(JSON.stringify(audit)).not.toContain("12.50");
  });

  it("are discarded only once they are in a file, byte for byte", async () => {
    const queue = await deadLetterQueue();
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    await queue.put("malformed", bytes);
    await queue.put("rejected", sampleBody());
    const args = ["discard", "--reason", "malformed", "--why", "rubbish", "--out", "gone.ndjson"];
    const unasked = await queue.run(...args);
    expect(unasked).toMatchObject({ status: 2, stderr: expect.stringContaining("add --yes") });
    expect(await queue.ready()).toBe(2);
    // Nor is a copy left that no audit speaks of.
    expect(() => queue.read("gone.ndjson")).toThrow("ENOENT");
    const done = await queue.run(...args, "--yes", "--json");
    expect(JSON.parse(done.stdout)).toMatchObject({ discarded: 1, file: "gone.ndjson" });
    expect(JSON.parse(queue.read("gone.ndjson"))).toMatchObject({
      routingKey: "malformed",
      headers: headersOf("malformed"),
      bodyBase64: bytes.toString("base64"),
    });
    expect(await queue.ready()).toBe(1);
    const again = await queue.run("discard", "--all", "--why", "rubbish", "--out", "gone.ndjson", "--yes");
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining("is there already") });
    expect(await queue.ready()).toBe(1);
    expect(await queue.audit()).toMatchObject([
      { act: "dead-letters-discard", reason: "rubbish", details: { letters: 1, file: "gone.ndjson" } },
    ]);
  });

  it("are one command's at a time, which another one is told of", async () => {
    const queue = await deadLetterQueue();
    const holder = JSON.stringify({ by: "tom", what: "dead-letters replay R1", since: 0 });
    await queue.redis.set(`${queue.namespace}:dead-letters:lock`, holder, "PX", 60_000);
    const refused = await queue.run("list");
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("in hand: dead-letters replay R1 by tom"),
    });
    // No empty file is in the way of the next try.
    expect((await queue.run("export", "--out", "all.ndjson", "--why", "a dispute")).status).toBe(1);
    const discard = ["discard", "--all", "--why", "rubbish", "--out", "all.ndjson", "--yes"];
    expect((await queue.run(...discard)).status).toBe(1);
    await queue.redis.del(`${queue.namespace}:dead-letters:lock`);
    const nothing = await queue.run(...discard);
    expect(nothing).toMatchObject({ status: 0, stdout: "discarded  0\n" });
    // Nor is one told of that is not there.
    expect(JSON.parse((await queue.run(...discard, "--json")).stdout)).toEqual({ discarded: 0 });
    const exported = await queue.run("export", "--out", "all.ndjson", "--json");
    expect(JSON.parse(exported.stdout)).toEqual({ letters: 0 });
  });
});
