import { describe, expect, it } from "vitest";
import { messageOf } from "../../../scripts/cli/publish/message-of.ts";

const TARGET = { exchange: "risk.transactions", routingKey: "transaction.standard" };

describe("the message of a line", () => {
  it("is the line's bytes, as JSON, to the target", () => {
    const body = Buffer.from([0x7b, 0xff, 0x0d]);
    expect(messageOf(body, TARGET)).toEqual({
      ...TARGET,
      body,
      properties: { contentType: "application/json" },
    });
  });

  it.each([
    { line: '{"transactionId":"T1","other":1}', id: "T1" },
    { line: '{"transactionId":"T 1"}', id: undefined },
    { line: '{"transactionId":""}', id: undefined },
    { line: '{"transactionId":17}', id: undefined },
    { line: `{"transactionId":"${"x".repeat(65)}"}`, id: undefined },
    { line: `{"transactionId":"T1","metadata":"${"x".repeat(65_536)}"}`, id: undefined },
    { line: "[1]", id: undefined },
    { line: "null", id: undefined },
    { line: '"T1"', id: undefined },
    { line: "nonsense", id: undefined },
    { line: "", id: undefined },
  ])("has the id $id for $line", ({ line, id }) => {
    expect(messageOf(Buffer.from(line), TARGET).properties.messageId).toBe(id);
  });
});
