import { afterAll, beforeAll, expect, it } from "vitest";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import { closeRedis, openRedis, type RedisClient } from "../../../shared/redis/connection.ts";
import { SuspectMarks } from "../../../shared/redis/journal/suspect-marks.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { servers } from "../../support/servers.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";

const namespace = newNamespace();
let redis: RedisClient;
let marks: SuspectMarks;

beforeAll(async () => {
  redis = await openRedis(servers().redisUrl);
  marks = new SuspectMarks(redis, { namespace });
});

afterAll(async () => {
  await removeKeys(redis, `${namespace}:*`);
  await closeRedis(redis);
});

const message = (body: string, replays?: number, instance?: string): Delivery => ({
  body: Buffer.from(body),
  lane: replays === undefined ? "standard" : "replay",
  originalLane: replays === undefined ? "standard" : "replay",
  deliveryCount: 1,
  calls: 0,
  replays,
  ...(instance === undefined ? {} : { instance }),
  correlationId: undefined,
});

const anotherWorker = (): SuspectMarks => new SuspectMarks(redis, { namespace });

/** A worker marks it, and does not remove the mark. */
const marked = (
  of: Delivery,
  stage: "parsing" | "deciding" = "parsing",
  worker = anotherWorker(),
): Promise<number> => worker.set(worker.newMark(of, stage));

/** The same, and it was long ago: that worker died. */
async function dies(of: Delivery, stage: "parsing" | "deciding" = "parsing"): Promise<number> {
  const worker = anotherWorker();
  const deaths = await marked(of, stage, worker);
  for (const key of worker.newMark(of, stage).keys) {
    for (const [name, at] of Object.entries(await redis.hgetall(key)))
      await redis.hset(key, name, Number(at) - 5_000);
  }
  return deaths;
}

it("counts the marks of those who died, over both stages, and sets no fourth", async () => {
  const killer = message("killer");
  expect(await dies(killer)).toBe(0);
  expect(await dies(killer, "deciding")).toBe(1);
  expect(await dies(killer)).toBe(2);
  expect(await dies(killer)).toBe(3);
  expect(await dies(killer)).toBe(3);
});

it("waits for marks of workers that may live, since they have the same message in hand", async () => {
  const copied = message("copied");
  const workers = [anotherWorker(), anotherWorker(), anotherWorker()];
  for (const worker of workers) expect(await marked(copied, "parsing", worker)).toBe(0);
  const fourth = marked(copied);
  for (const worker of workers) await worker.clear(worker.newMark(copied, "parsing"));
  expect(await fourth).toBe(0);
}, 20_000);

it("counts those who died just now, once that is certain", async () => {
  const killer = message("killed three at once");
  for (let i = 0; i < 3; i++) expect(await marked(killer)).toBe(0);
  expect(await marked(killer)).toBe(3);
}, 20_000);

it("who comes through clears the marks of that stage, and of no other", async () => {
  const answerKills = message("its answer kills");
  await dies(answerKills, "deciding");
  await dies(answerKills);
  const mark = marks.newMark(answerKills, "parsing");
  expect(await marks.set(mark)).toBe(2);
  await marks.clear(mark);
  expect(await dies(answerKills)).toBe(1);
});

it("a worker's own marks are no deaths to it, and one to all others: whoever reads them lives", async () => {
  const unanswered = message("its replies were lost");
  await marked(unanswered, "parsing", marks);
  expect(await marked(unanswered, "parsing", marks)).toBe(0);
  expect(await dies(unanswered)).toBe(0);
  expect(await dies(unanswered)).toBe(2);
});

it("marks that Redis got while it stood still are taken back: nobody died", { timeout: 20_000 }, async () => {
  const proxy = await startTcpProxy(servers().redisUrl);
  const workers = await Promise.all([1, 2, 3].map(() => openRedis(proxy.url)));
  const spared = message("Redis stood still");
  try {
    // Each has loaded the script.
    for (const client of workers)
      await marked(message("any"), "parsing", new SuspectMarks(client, { namespace }));
    proxy.stall();
    const stalled = workers.map((client) =>
      marked(spared, "parsing", new SuspectMarks(client, { namespace })),
    );
    for (const attempt of stalled) await expect(attempt).rejects.toThrow("timed out");
    proxy.restore();
    await Promise.all(workers.map((client) => client.ping()));
    expect(await dies(spared)).toBe(0);
  } finally {
    for (const client of workers) client.disconnect();
    await proxy.close();
  }
});

it("another body has its own marks, and so has a replay", async () => {
  await dies(message("neighbour's"));
  expect(await dies(message("neighbour"))).toBe(0);
  await dies(message("replayed"));
  expect(await dies(message("replayed", 0, "the letter"))).toBe(0);
  expect(await dies(message("replayed", 1, "the next letter"))).toBe(0);
});

it("no mark stays for ever", async () => {
  await dies(message("ttl"));
  const keys = await redis.keys(`${namespace}:suspect:*`);
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(await redis.ttl(key)).toBeGreaterThan(0);
});
