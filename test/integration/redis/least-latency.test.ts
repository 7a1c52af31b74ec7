import { beforeEach, expect, it } from "vitest";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { LEDGER_RULES } from "../../../shared/redis/ledger/ledger-rules.ts";
import type { QuotaLedger } from "../../../shared/redis/ledger/quota-ledger.ts";
import { ClockedLedger, granted } from "../../support/clocked-ledger.ts";
import { testRedis } from "../../support/test-redis.ts";

// By how much the moment of an answer is taken back to tell when its call had arrived at the latest.

const MINUTE = 60_000;
const { ANSWERS_COUNTED, ANSWERS_DOUBTED } = LEDGER_RULES;
/** What is believed of the least latency when no more answers are counted. */
const MOST_BELIEVED = ANSWERS_COUNTED / (ANSWERS_COUNTED + ANSWERS_DOUBTED);

let redis: RedisClient;
let ledgers: ClockedLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  ledgers = await ClockedLedger.start(redis);
});

/** A call that is answered after so long; gives how long before its answer it is taken to have arrived. */
async function answer(replica: QuotaLedger, latencyMs: number): Promise<number> {
  const { permit, startInMs } = granted(await replica.permit(1, 4));
  await ledgers.pass(startInMs + latencyMs);
  await replica.answered(permit.id, latencyMs);
  const arrivedAtMs = Number(await redis.zscore(ledgers.keys.log, permit.id));
  await ledgers.pass(500);
  return ledgers.nowMs - 500 - arrivedAtMs;
}

const ROOM = { quota: [{ calls: 1_000, windowMs: 1_000 }] };

it("grows with the number of answers: few may all have been slow on their way", async () => {
  const replicas = [ledgers.replica(ROOM), ledgers.replica(ROOM)];
  const given: number[] = [];
  for (let nth = 0; nth < 60; nth += 1) {
    for (const replica of replicas.slice(nth % 2, (nth % 2) + 1)) given.push(await answer(replica, 80));
  }
  const believed = (answers: number): number => answers / (answers + ANSWERS_DOUBTED);
  for (const [index, creditMs] of given.entries()) expect(creditMs).toBeCloseTo(80 * believed(index + 1), 2);
});

it.each([
  { title: "the only one", seen: [[0, 80]], expected: 80 },
  {
    title: "a faster one",
    seen: [
      [0, 80],
      [0, 50],
    ],
    expected: 50,
  },
  {
    title: "an earlier, faster one",
    seen: [
      [0, 50],
      [0, 80],
    ],
    expected: 50,
  },
  {
    title: "one of just under five minutes ago",
    seen: [
      [0, 50],
      [4.9, 80],
    ],
    expected: 50,
  },
  {
    title: "one of the period before",
    seen: [
      [0, 90],
      [4.9, 50],
      [0.2, 80],
      [4.7, 80],
    ],
    expected: 50,
  },
])("is the least latency of the last two periods: $title", async ({ seen, expected }) => {
  await ledgers.knowLatency(3_000);
  const replica = ledgers.replica(ROOM);
  let given = 0;
  for (const [afterMinutes = 0, latencyMs = 0] of seen) {
    await ledgers.pass(afterMinutes * MINUTE);
    given = await answer(replica, latencyMs);
  }
  expect(given).toBeCloseTo(expected * MOST_BELIEVED, 2);
});

it("is none of the period before those, and is believed no more for answers of that time", async () => {
  await ledgers.knowLatency(3_000);
  const replica = ledgers.replica(ROOM);
  let given = 0;
  for (const latencyMs of [50, 80, 90]) {
    await ledgers.pass(5.1 * MINUTE);
    given = await answer(replica, latencyMs);
  }
  expect(given).toBeCloseTo((80 * 2) / (2 + ANSWERS_DOUBTED), 2);
});

it("is shared: what one replica saw counts for all of them", async () => {
  await ledgers.knowLatency(3_000);
  const [one, other] = [ledgers.replica(ROOM), ledgers.replica(ROOM)];
  await answer(one, 40);
  expect(await answer(other, 200)).toBeCloseTo(40 * MOST_BELIEVED, 2);
});
