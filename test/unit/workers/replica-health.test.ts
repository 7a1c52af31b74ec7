import { expect, it } from "vitest";
import { ReplicaHealth } from "../../../workers/risk-detection/replica-health.ts";

function healthy(): ReplicaHealth {
  const health = new ReplicaHealth(2);
  health.redisIs("up");
  health.subscribed("a");
  health.subscribed("b");
  return health;
}

it.each([
  { title: "all is well", change: () => undefined, reasons: [] },
  { title: "Redis is away", change: (h: ReplicaHealth) => h.redisIs("down"), reasons: ["Redis is away"] },
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
  health.redisIs("down");
  health.subscribed("a");
  health.redisIs("up");
  expect(health.readiness().ready).toBe(true);
});

it("says once that Redis went away or came back", () => {
  const health = healthy();
  expect([health.redisIs("down"), health.redisIs("down"), health.redisIs("up")]).toEqual([true, false, true]);
});
