import type { MessageProperties } from "amqplib";
import { describe, expect, it } from "vitest";
import { carryOver } from "../../../shared/amqp/carry-over.ts";
import { incoming } from "./incoming.ts";

const kept = (properties: Partial<MessageProperties>, isOurs = false) =>
  carryOver(incoming({ properties }).properties, isOurs);

describe("carryOver", () => {
  it("keeps what the producer said", () => {
    const said = {
      contentType: "image/png",
      contentEncoding: "gzip",
      correlationId: "c",
      replyTo: "q",
      messageId: "m",
      type: "t",
      appId: "a",
      priority: 255,
      timestamp: 1_700_000_000,
      headers: { channel: "app", nested: { list: [1, null] } },
    };
    expect(kept(said)).toEqual(said);
  });

  it("sets aside what would change the copy's way or life", () => {
    const deaths = [{ count: 1, queue: "q" }];
    const headers: Record<string, unknown> = { CC: ["other"], BCC: "none", "x-death": deaths };
    expect(kept({ userId: "guest", expiration: "1", headers })).toEqual({
      headers: {
        "x-risk-original-user-id": "guest",
        "x-risk-original-expiration": "1",
        "x-risk-original-CC": ["other"],
        "x-risk-original-BCC": "none",
        "x-risk-original-x-death": deaths,
      },
    });
  });

  it("sets aside a reply-to that only its own connection may use", () => {
    expect(kept({ replyTo: "amq.rabbitmq.reply-to" })).toEqual({
      headers: { "x-risk-original-reply-to": "amq.rabbitmq.reply-to" },
    });
  });

  it("drops forged headers of ours, in any spelling, and the broker's count", () => {
    const headers = {
      "x-risk-attempts": 4,
      "X-Risk-Reason": "no",
      "x-risk-original-CC": 1,
      "x-delivery-count": 3,
      a: 1,
    };
    expect(kept({ headers })).toEqual({ headers: { a: 1 } });
  });

  it("carries on what an earlier copy of ours kept aside, the first value first", () => {
    const headers = { "x-risk-original-user-id": "first", "x-risk-attempts": 4 };
    expect(kept({ headers, userId: "second" }, true)).toEqual({
      headers: { "x-risk-original-user-id": "first" },
    });
  });

  it("drops what cannot be written again, and says what", () => {
    const grown = "\uFFFD".repeat(86); // 258 bytes where 86 had come
    const headers = { odd: { "!": "sandwich", value: 1 }, fine: 1, big: "x".repeat(60_000) };
    expect(kept({ messageId: grown, headers })).toEqual({
      headers: { fine: 1, "x-risk-dropped": "odd, big, messageId" },
    });
  });

  it("ignores a header table that came as a prototype", () => {
    const headers = Object.create({ "x-risk-attempts": 4, odd: NaN }, {});
    expect(kept({ headers })).toEqual({ headers: {} });
  });
});
