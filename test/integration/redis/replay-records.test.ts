import { expect, it } from "vitest";
import { ReplayRecords, type ReplayRecord } from "../../../shared/redis/letters/replay-records.ts";
import { testRedis } from "../../support/test-redis.ts";

const COUNTS = { replayed: 0, answered: 0, fallbacks: 0, failed: 0, republished: 0, copies: 0, calls: 0 };
const TOM = { by: "tom", why: "mei's laptop slept" };

it("a replay that stood still and was taken up is no longer run by who began it", async () => {
  const { redis, namespace } = await testRedis();
  const order = { selection: {}, share: 1, freshCalls: false, hopeless: false, keepGoing: false };
  const now = Date.now();
  const record: ReplayRecord = {
    id: "R1",
    by: "mei",
    why: "amended",
    startedAt: now,
    state: "running",
    order,
    counts: COUNTS,
  };
  const [mine, other] = [new ReplayRecords(redis, namespace), new ReplayRecords(redis, namespace)];
  await mine.start(record, {});
  expect(await mine.beat("R1", COUNTS)).toBe("kept");
  expect(await other.takeUp("R1", TOM)).toBe("running");
  expect(await other.takeUp("R2", TOM)).toBe("absent");

  await redis.hset(`${namespace}:dead-letters:replay:R1`, { aliveUntil: now - 60_000 });
  expect(await other.takeUp("R1", TOM)).toBe("taken");
  expect(await mine.beat("R1", COUNTS)).toBe("lost");
  await mine.end("R1", COUNTS, "paused");
  expect(await other.read("R1", now)).toMatchObject({ state: "running" });
  await other.end("R1", { ...COUNTS, replayed: 3 }, "finished");
  expect(await other.read("R1", now)).toMatchObject({ state: "finished", counts: { replayed: 3 } });
  expect(await mine.takeUp("R1", TOM)).toBe("finished");
});
