import { IllegalOperationError, type ConsumeMessage } from "amqplib";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Settlements } from "../../../shared/amqp/settlements.ts";
import { incoming } from "./incoming.ts";

/** What was told to the broker, in its order: "ack 3", "ack up to 3", "give back 2". */
let told: string[];
let settlements: Settlements;

const tagOf = (message: { fields: { deliveryTag: number } }) => message.fields.deliveryTag;
const channel = {
  ack: (message: ConsumeMessage, allUpTo = false) =>
    void told.push(`ack ${allUpTo ? "up to " : ""}${tagOf(message)}`),
  nack: (message: ConsumeMessage) => void told.push(`give back ${tagOf(message)}`),
};

/** Lets the channel deliver so many messages; what settles one of them, by its tag. */
function deliver(count: number) {
  told = [];
  settlements = new Settlements(channel);
  const messages = new Map(
    Array.from({ length: count }, (_, index) => [
      index + 1,
      incoming({ fields: { deliveryTag: index + 1 } }),
    ]),
  );
  for (const message of messages.values()) settlements.take(message);
  return (how: "ack" | "giveBack", tag: number): void => {
    const message = messages.get(tag);
    if (message !== undefined) settlements[how](message);
  };
}

const turnEnds = () => new Promise(setImmediate);

describe("acks of one turn", () => {
  it.each([
    { acked: [1, 2, 3], expected: ["ack up to 3"], title: "of all are one" },
    { acked: [3, 1, 2], expected: ["ack up to 3"], title: "in any order are one" },
    { acked: [1, 2, 4], expected: ["ack up to 2", "ack 4"], title: "say nothing of what is worked on" },
    { acked: [2, 3], expected: ["ack 2", "ack 3"], title: "behind what is worked on stand alone" },
  ])("$title", async ({ acked, expected }) => {
    const settle = deliver(4);
    for (const tag of acked) settle("ack", tag);
    expect(told).toEqual([]);
    await turnEnds();
    expect(told).toEqual(expected);
  });

  it("go on where the last turn's ended", async () => {
    const settle = deliver(3);
    settle("ack", 2);
    await turnEnds();
    settle("ack", 1);
    await turnEnds();
    settle("ack", 3);
    await turnEnds();
    expect(told).toEqual(["ack 2", "ack up to 1", "ack up to 3"]);
  });

  it("never settle what was given back", async () => {
    const settle = deliver(2);
    settle("ack", 2);
    settle("giveBack", 1);
    await turnEnds();
    expect(told).toEqual(["give back 1", "ack up to 2"]);
  });

  it("are no more than the broker's loss where the channel is gone", async () => {
    const settle = deliver(1);
    vi.spyOn(channel, "ack").mockImplementationOnce(() => {
      throw new IllegalOperationError("Channel closed");
    });
    settle("ack", 1);
    await turnEnds();
    expect(told).toEqual([]);
  });
});

it("settle each delivery once, and none that nobody settled, whatever the order", async () => {
  const step = fc.record({
    tag: fc.integer({ min: 1, max: 12 }),
    how: fc.constantFrom("ack" as const, "giveBack" as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step)), async (turns) => {
      const settle = deliver(12);
      const settled = new Map<number, string>();
      for (const turn of turns) {
        for (const { tag, how } of turn) {
          if (settled.has(tag)) continue;
          settled.set(tag, how === "ack" ? "acked" : "given back");
          settle(how, tag);
        }
        await turnEnds();
      }
      expect(brokersView(12)).toEqual(settled);
    }),
  );
});

/** What the broker makes of what it was told; throws where it would close the channel: a tag is settled twice. */
function brokersView(deliveries: number): Map<number, string> {
  const unsettled = new Set(Array.from({ length: deliveries }, (_, index) => index + 1));
  const settled = new Map<number, string>();
  const settle = (tag: number, how: string): void => {
    if (!unsettled.delete(tag)) throw new Error(`unknown delivery tag ${tag}`);
    settled.set(tag, how);
  };
  for (const command of told) {
    const [, what = "", digits] = /^(ack|ack up to|give back) (\d+)$/.exec(command) ?? [];
    const tag = Number(digits);
    if (what === "ack up to") {
      for (const older of unsettled) if (older < tag) settle(older, "acked");
    }
    settle(tag, what === "give back" ? "given back" : "acked");
  }
  return settled;
}
