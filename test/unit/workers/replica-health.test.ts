import { expect, it } from "vitest";
import { ReplicaHealth } from "../../../workers/risk-detection/replica-health.ts";

function healthy(): ReplicaHealth {
  const health = new ReplicaHealth(2);
  health.redisAnswered(0);
  health.subscribed("a");
  health.subscribed("b");
  return health;
}

it.each([
  { title: "all is well", change: () => undefined, reasons: [] },
  {
    title: "Redis is away",
    change: (h: ReplicaHealth) => h.redisFailed(0),
    reasons: ["Redis does not answer"],
  },
  {
    title: "a queue is not consumed",
    change: (h: ReplicaHealth) => h.unsubscribed("a"),
    reasons: ["not all queues are consumed"],
  },
  { title: "it stops", change: (h: ReplicaHealth) => h.stop(), reasons: ["stopping"] },
])("when $title, it says so", ({ change, reasons }) => {
  const health = healthy();
  change(health);
  expect(health.readiness()).toEqual({ ready: reasons.length === 0, reasons });
});

it("is ready again once what was missing is back", () => {
  const health = healthy();
  health.unsubscribed("a");
  health.redisFailed(0);
  health.subscribed("a");
  health.redisAnswered(3_500);
  expect(health.readiness().ready).toBe(true);
});

it("is not ready before Redis has answered", () => {
  const health = new ReplicaHealth(0);
  expect(health.readiness().reasons).toEqual(["Redis does not answer"]);
});

it("says that Redis fails once, and again each minute; and that it is back", () => {
  const health = healthy();
  expect([0, 1, 59_999, 60_000, 60_001].map((nowMs) => health.redisFailed(nowMs))).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
  expect([63_501, 63_502].map((nowMs) => health.redisAnswered(nowMs))).toEqual([true, false]);
});

it("is back once nothing has failed for a while: a full Redis answers some, and refuses what is tried each second", () => {
  const health = healthy();
  for (let second = 0; second < 10; second++) {
    health.redisFailed(second * 1_005);
    expect(health.redisAnswered(second * 1_005 + 1_000)).toBe(false);
  }
  expect(health.readiness().ready).toBe(false);
  expect(health.redisAnswered(9 * 1_005 + 3_500)).toBe(true);
  expect(health.readiness().ready).toBe(true);
});
