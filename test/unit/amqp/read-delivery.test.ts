import { describe, expect, it } from "vitest";
import { readDelivery } from "../../../shared/amqp/read-delivery.ts";
import { incoming } from "./incoming.ts";

describe("readDelivery", () => {
  it("hands on body, lane and correlation id", () => {
    const message = incoming({ body: "hello", properties: { correlationId: "c-1" } });
    expect(readDelivery(message, "urgent")).toEqual({
      body: Buffer.from("hello"),
      lane: "urgent",
      originalLane: "urgent",
      deliveryCount: 0,
      calls: 0,
      replays: undefined,
      correlationId: "c-1",
    });
  });

  it.each([
    { redelivered: false, header: 7, expected: 0 }, // the producer's own
    { redelivered: true, header: 7, expected: 7 },
    { redelivered: true, header: undefined, expected: 1 }, // not every version counts every return
    { redelivered: true, header: "seven", expected: 1 },
  ])(
    "reads $header returns as $expected where redelivered is $redelivered",
    ({ redelivered, header, expected }) => {
      const message = incoming({
        fields: { redelivered },
        properties: { headers: { "x-delivery-count": header } },
      });
      expect(readDelivery(message, "standard").deliveryCount).toBe(expected);
    },
  );

  it.each([
    {
      lane: "standard",
      headers: { "x-risk-attempts": 4, "x-risk-replays": 1 },
      told: { calls: 0, replays: undefined },
    },
    { lane: "urgent", headers: { "x-risk-attempts": 4 }, told: { calls: 0, replays: undefined } },
    {
      lane: "replay",
      headers: { "x-risk-attempts": 4, "x-risk-replays": 1 },
      told: { calls: 4, replays: 1 },
    },
    { lane: "replay", headers: {}, told: { calls: 0, replays: 0 } },
    {
      lane: "replay",
      headers: { "x-risk-attempts": -1, "x-risk-replays": 1.5 },
      told: { calls: 0, replays: 0 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": "3", "x-risk-replays": "12" }, // as some tools write every header
      told: { calls: 3, replays: 12 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": 5, "x-risk-replays": 2 ** 40 },
      told: { calls: 5, replays: 1_000_000 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": "999999999", "x-risk-replays": "9".repeat(10) },
      told: { calls: 1_000, replays: 0 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": " 3", "x-risk-replays": "1e3" },
      told: { calls: 0, replays: 0 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": "\u0663", "x-risk-replays": NaN }, // an Arabic three
      told: { calls: 0, replays: 0 },
    },
    {
      lane: "replay",
      headers: { "x-risk-attempts": "", "x-risk-replays": true },
      told: { calls: 0, replays: 0 },
    },
    {
      lane: "waiting",
      headers: { "x-risk-lane": "replay", "x-risk-attempts": "77" },
      told: { calls: 77, replays: 0 },
    },
    {
      lane: "waiting",
      headers: { "x-risk-lane": "urgent", "x-risk-attempts": 3, "x-risk-replays": 7 },
      told: { calls: 3, replays: undefined },
    },
    {
      lane: "waiting",
      headers: { "x-risk-attempts": 99 },
      told: { calls: 99, replays: undefined },
    },
    {
      lane: "waiting",
      headers: { "x-risk-lane": "replay", "x-risk-attempts": 4, "x-risk-replays": 2 },
      told: { calls: 4, replays: 2 },
    },
  ] as const)("on lane $lane, $headers tells $told", ({ lane, headers, told }) => {
    expect(readDelivery(incoming({ properties: { headers } }), lane)).toMatchObject(told);
  });

  it.each([
    { header: "urgent", expected: "urgent" },
    { header: "replay", expected: "replay" },
    { header: "waiting", expected: "standard" },
    { header: undefined, expected: "standard" },
  ])("a waiting delivery marked $header came in by $expected", ({ header, expected }) => {
    const message = incoming({ properties: { headers: { "x-risk-lane": header } } });
    expect(readDelivery(message, "waiting").originalLane).toBe(expected);
  });
});
