const YEN = { value: "1200", currency: "JPY", minorUnits: 1_200 };

import { expect, it } from "vitest";
import type { DeadLetter } from "../../../shared/domain/dead-letter.ts";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import type { Disposition } from "../../../shared/domain/disposition.ts";
import { logFieldsOf, metricsOf } from "../../../workers/risk-detection/settled-delivery.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleBody } from "../../support/sample-transaction.ts";

const DELIVERY: Delivery = {
  body: Buffer.from(JSON.stringify(sampleBody())),
  lane: "standard",
  originalLane: "standard",
  deliveryCount: 0,
  calls: 0,
  replays: undefined,
  correlationId: "c-1",
};

const DEAD_LETTER: DeadLetter = {
  reason: "rejected",
  detail: "a parameter is not acceptable",
  code: "40002 isv.invalid-parameter",
  attempts: 1,
  replays: 0,
  failedAt: "2026-11-23T08:00:00.412+08:00",
  worker: "w1",
};

const { code: _, ...MALFORMED }: DeadLetter = { ...DEAD_LETTER, reason: "malformed", attempts: 0 };

const SETTLED: readonly { disposition: Disposition; logged: object; measured: object }[] = [
  {
    disposition: { action: "complete", result: sampleResult(), rail: "alipay", merchantId: "store-17" },
    logged: {
      transactionId: "T202611230000001",
      verdict: "review",
      source: "alipay",
      calls: 2,
      action: "complete",
      lane: "standard",
      ms: 412,
      revision: 1,
      traceId: "21a3",
    },
    measured: { outcome: "result", source: "alipay", lane: "standard", ms: 411.6 },
  },
  {
    disposition: {
      action: "complete",
      result: sampleResult({ source: "cache", attempts: 0, traceId: null }),
      rail: "alipay",
      merchantId: undefined,
    },
    logged: {
      transactionId: "T202611230000001",
      verdict: "review",
      source: "cache",
      calls: 0,
      action: "complete",
      lane: "standard",
      ms: 412,
      revision: 1,
    },
    measured: { outcome: "result", source: "cache", lane: "standard", ms: 411.6 },
  },
  {
    disposition: { action: "dead-letter", deadLetter: DEAD_LETTER, transactionId: "T1" },
    logged: {
      transactionId: "T1",
      reason: "rejected",
      calls: 1,
      code: "40002 isv.invalid-parameter",
      action: "dead-letter",
      lane: "standard",
      ms: 412,
    },
    measured: { outcome: "dead-letter", reason: "rejected", lane: "standard", ms: 411.6 },
  },
  {
    disposition: { action: "dead-letter", deadLetter: MALFORMED },
    logged: { reason: "malformed", calls: 0, action: "dead-letter", lane: "standard", ms: 412 },
    measured: { outcome: "dead-letter", reason: "malformed", lane: "standard", ms: 411.6 },
  },
  {
    disposition: { action: "wait", cause: "banned", calls: 1, transactionId: "T1", amount: YEN },
    logged: { transactionId: "T1", calls: 1, action: "wait", lane: "standard", ms: 412, cause: "banned" },
    measured: { outcome: "wait", putOff: { currency: "JPY", value: 1_200 }, lane: "standard", ms: 411.6 },
  },
  {
    disposition: { action: "give-back", cause: "shutdown" },
    logged: { action: "give-back", lane: "standard", ms: 412, cause: "shutdown" },
    measured: { outcome: "give-back", lane: "standard", ms: 411.6 },
  },
];

it.each(SETTLED)("logs $logged", ({ disposition, logged }) => {
  expect(logFieldsOf(DELIVERY, disposition, 411.6)).toEqual(logged);
});

it.each(SETTLED)("measures $measured", ({ disposition, measured }) => {
  expect(metricsOf(DELIVERY, disposition, 411.6)).toEqual(measured);
});

it("tells the queue that it came from, not the lane that it came in by", () => {
  const disposition: Disposition = { action: "wait", cause: "quota", calls: 0, amount: YEN };
  const delivery: Delivery = { ...DELIVERY, lane: "waiting", originalLane: "urgent" };
  expect(logFieldsOf(delivery, disposition, 1)).toMatchObject({ lane: "waiting" });
  // Nor is it put off anew by going round in that queue.
  expect(metricsOf(delivery, disposition, 1)).toEqual({ outcome: "wait", lane: "waiting", ms: 1 });
});
