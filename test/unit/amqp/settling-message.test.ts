import type { ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { readDelivery } from "../../../shared/amqp/read-delivery.ts";
import { settlingMessages, type Publishable } from "../../../shared/amqp/settling-message.ts";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { incoming } from "./incoming.ts";

const names = brokerNames("risk");

const complete: Publishable = {
  action: "complete",
  rail: "alipay",
  merchantId: "store-17",
  result: sampleResult({ transactionId: "T1" }),
};

const deadLetter: Publishable = {
  action: "dead-letter",
  deadLetter: {
    reason: "rejected",
    detail: "the gateway will never accept it",
    code: "40004 INVALID_PARAMETER",
    attempts: 1,
    replays: 2,
    failedAt: "2026-11-23T08:00:00.412+08:00",
    worker: "w-1",
  },
};

function settle(disposition: Publishable, message = incoming({}), lane: Delivery["lane"] = "standard") {
  const [outgoing, ...others] = settlingMessages(disposition, readDelivery(message, lane), message, names);
  if (outgoing === undefined || others.length > 0) throw new Error("not one message");
  return outgoing;
}

/** The exchange, and the headers that matter here, of each message. */
const upgradeOf = (disposition: Publishable, message: ConsumeMessage, lane: Delivery["lane"]) =>
  settlingMessages(disposition, readDelivery(message, lane), message, names).map((outgoing) => ({
    to: outgoing.exchange === "" ? outgoing.routingKey : outgoing.exchange,
    upgrade: outgoing.properties.headers?.["x-risk-upgrade"],
    calls: outgoing.properties.headers?.["x-risk-attempts"],
    lane: outgoing.properties.headers?.["x-risk-lane"],
  }));

describe("a result that is to be upgraded", () => {
  const toBeUpgraded = { ...complete, isToBeUpgraded: true } as const;

  it("is told before the copy that says so waits, with the calls that were made", () => {
    expect(upgradeOf(toBeUpgraded, incoming({}), "urgent")).toEqual([
      { to: "risk.results" },
      { to: "risk.waiting", upgrade: 1, calls: 2, lane: "urgent" },
    ]);
  });

  it("is still to be upgraded after another round", () => {
    const message = incoming({ properties: { headers: { "x-risk-upgrade": 1, "x-risk-lane": "urgent" } } });
    const waits = { action: "wait", cause: "quota", calls: 3 } as const;
    expect(upgradeOf(waits, message, "waiting")).toEqual([
      { to: "risk.waiting", upgrade: 1, calls: 3, lane: "urgent" },
    ]);
  });

  it.each(["standard", "replay"] as const)("is no producer's to say, on the %s lane", (lane) => {
    const message = incoming({ properties: { headers: { "x-risk-upgrade": 1 } } });
    expect(readDelivery(message, lane).isUpgrade).toBeUndefined();
  });
});

describe("settlingMessages", () => {
  it("makes a result that payment systems can bind and filter by", () => {
    const { body, ...rest } = settle(
      complete,
      incoming({ properties: { correlationId: "c-1", messageId: "M" } }),
    );
    expect(JSON.parse(body.toString())).toEqual(complete.action === "complete" && complete.result);
    expect(rest).toEqual({
      exchange: "risk.results",
      routingKey: "result.review",
      properties: {
        contentType: "application/json",
        messageId: "T1",
        correlationId: "c-1",
        headers: { rail: "alipay", merchantId: "store-17", source: "alipay" },
      },
    });
  });

  it("leaves out a merchant that is not known, and a correlation id that cannot be written", () => {
    const message = incoming({ properties: { correlationId: "\uFFFD".repeat(86) } });
    const { properties } = settle({ ...complete, merchantId: undefined }, message);
    expect(properties).not.toHaveProperty("correlationId");
    expect(properties.headers).toEqual({ rail: "alipay", source: "alipay" });
  });

  it("makes a dead letter of the producer's bytes and properties", () => {
    const message = incoming({
      body: "not json\u0000",
      properties: { contentType: "text/plain", headers: { channel: "app", "x-risk-worker": "forged" } },
    });
    expect(settle(deadLetter, message)).toEqual({
      exchange: "risk.dead-letters",
      routingKey: "rejected",
      body: message.content,
      properties: {
        contentType: "text/plain",
        headers: {
          channel: "app",
          "x-risk-reason": "rejected",
          "x-risk-detail": "the gateway will never accept it",
          "x-risk-code": "40004 INVALID_PARAMETER",
          "x-risk-attempts": 1,
          "x-risk-replays": 2,
          "x-risk-failed-at": "2026-11-23T08:00:00.412+08:00",
          "x-risk-worker": "w-1",
          "x-risk-body-sha256": "0d70dfa0e6d28a3daa9f95b0cf3b42dcaa3b58266d964d39004d52ef36e0d2ee",
        },
      },
    });
  });

  it.each([
    ["20000 isp.unknow-error", { "x-risk-code": "20000 isp.unknow-error" }],
    ["timeout", { "x-risk-cause": "timeout" }],
    ["http-502", { "x-risk-cause": "http-502" }],
    [undefined, {}],
  ])("names the gateway's code, or what became of the call: %s", (code, expected) => {
    if (deadLetter.action !== "dead-letter") throw new Error("no dead letter");
    const disposition = { ...deadLetter, deadLetter: { ...deadLetter.deadLetter, code } };
    const { headers = {} } = settle(disposition, incoming({ body: "b" })).properties;
    const told = Object.entries(headers).filter(([name]) => /^x-risk-(?:code|cause)$/.test(name));
    expect(Object.fromEntries(told)).toEqual(expected);
  });

  it("moves a delivery to the waiting queue with its lane, the calls made, and what a replay brought", () => {
    const headers = {
      "x-risk-attempts": 2,
      "x-risk-replays": 1,
      "x-risk-original-user-id": "u",
      channel: "app",
    };
    const message = incoming({ body: "b", properties: { headers, expiration: "5" } });
    expect(settle({ action: "wait", cause: "hold", calls: 3 }, message, "replay")).toEqual({
      exchange: "",
      routingKey: "risk.waiting",
      body: message.content,
      properties: {
        headers: {
          channel: "app",
          "x-risk-original-user-id": "u",
          "x-risk-original-expiration": "5",
          "x-risk-lane": "replay",
          "x-risk-attempts": 3,
          "x-risk-replays": 1,
        },
      },
    });
  });

  it("keeps the lane of a delivery that goes on waiting", () => {
    const message = incoming({ properties: { headers: { "x-risk-lane": "urgent", "x-risk-attempts": 1 } } });
    const disposition: Publishable = { action: "wait", cause: "hold", calls: 2 };
    expect(settle(disposition, message, "waiting").properties.headers).toEqual({
      "x-risk-lane": "urgent",
      "x-risk-attempts": 2,
    });
  });
});
