import { afterAll, beforeAll, expect, it } from "vitest";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import { closeRedis, openRedis, type RedisClient } from "../../../shared/redis/connection.ts";
import { SuspectMarks } from "../../../shared/redis/suspect-marks.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { servers } from "../../support/servers.ts";

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

/** A worker marks it, and never removes the mark. */
const dies = (of: Delivery, stage: "parsing" | "deciding" = "parsing"): Promise<number> =>
  marks.set(marks.newMark(of, stage));

it("counts the marks of those who died, over both stages, and sets no fourth", async () => {
  const killer = message("killer");
  expect(await dies(killer)).toBe(0);
  expect(await dies(killer, "deciding")).toBe(1);
  expect(await dies(killer)).toBe(2);
  expect(await dies(killer)).toBe(3);
  expect(await dies(killer)).toBe(3);
});

it("who comes through clears the marks of that stage, and of no other", async () => {
  const answerKills = message("its answer kills");
  await dies(answerKills, "deciding");
  await dies(answerKills);
  const mark = marks.newMark(answerKills, "parsing");
  expect(await marks.set(mark)).toBe(2);
  await marks.clear(mark);
  expect(await dies(answerKills)).toBe(1);
});

it("a mark that is set twice, since the reply was lost, counts once", async () => {
  const mark = marks.newMark(message("twice"), "parsing");
  await marks.set(mark);
  expect(await marks.set(mark)).toBe(0);
  expect(await dies(message("twice"))).toBe(1);
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
