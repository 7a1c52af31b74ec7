import { describe, expect, it } from "vitest";
import { PublishError } from "../../../shared/amqp/publish-error.ts";
import type { OutgoingMessage } from "../../../shared/amqp/outgoing-message.ts";
import { publishRecords, type PublishReport } from "../../../scripts/cli/publish/publish-records.ts";
import { LARGEST_BODY } from "../../../scripts/cli/publish/read-records.ts";
import { selectRecords } from "../../../scripts/cli/publish/select-records.ts";
import { recordsOf } from "./source-records.ts";

type Publish = (text: string, signal: AbortSignal) => Promise<void>;

/** Publishes bodies through a publisher that answers as told. */
function publish(
  bodies: readonly (string | Error)[],
  answer: Publish,
  stop = new AbortController(),
): Promise<PublishReport> {
  return publishRecords(
    selectRecords(recordsOf(bodies), { skip: 0, limit: Infinity }, () => undefined),
    {
      publisher: {
        publish: ({ body }: OutgoingMessage, signal = stop.signal) => answer(body.toString(), signal),
      },
      messageOf: (body) => ({ exchange: "e", routingKey: "k", body, properties: {} }),
      perSecond: Infinity,
      signal: stop.signal,
    },
  );
}

describe("publishing records", () => {
  it("publishes each as it is, in order, and says how much it was", async () => {
    const seen: string[] = [];
    const report = await publish(["one", "", "three"], async (text) => void seen.push(text));
    expect(seen).toEqual(["one", "", "three"]);
    expect(report).toMatchObject({ published: 3, bytes: 8, repeated: 0, settledUpTo: { line: 3 } });
    expect(report).toMatchObject({ refused: { count: 0 }, failure: undefined });
  });

  it.each(["nacked", "timed-out", "connection-lost"] as const)("repeats what was %s", async (kind) => {
    let failures = 2;
    const report = await publish(["a"], async () => {
      if (failures-- > 0) throw new PublishError(kind, "e k");
    });
    expect(report).toMatchObject({ published: 1, repeated: 2, refused: { count: 0 } });
  });

  it.each(["unroutable", "unencodable"] as const)("lists what is %s, and goes on", async (kind) => {
    const report = await publish(["a", "b"], async (text) => {
      if (text === "a") throw new PublishError(kind, "e k");
    });
    expect(report).toMatchObject({ published: 1, refused: { count: 1 }, settledUpTo: { line: 2 } });
    expect(report.refused.listed).toMatchObject([{ file: "payments.ndjson", line: 1 }]);
  });

  it("sends nothing that is longer than any broker should take", async () => {
    const report = await publish(
      ["x".repeat(LARGEST_BODY + 1), "x".repeat(LARGEST_BODY)],
      async () => undefined,
    );
    expect(report).toMatchObject({ published: 1, refused: { count: 1, listed: [{ line: 1 }] } });
  });

  it("has no more than a thousand on their way", async () => {
    let [inHand, most] = [0, 0];
    const report = await publish(Array<string>(5_000).fill("x"), async () => {
      most = Math.max(most, ++inHand);
      await new Promise(setImmediate);
      inHand -= 1;
    });
    expect(report.published).toBe(5_000);
    expect(most).toBe(1_000);
  });

  it("waits for what is on its way when a mapping fails, and knows where it stood", async () => {
    const failure = new Error("no amount");
    const report = await publish(["a", "b", failure, "d"], () => new Promise(setImmediate));
    expect(report).toMatchObject({ published: 2, failure, settledUpTo: { line: 2 } });
  });

  it("stops at the signal, and stands before the first that is not known to be safe", async () => {
    const stop = new AbortController();
    const report = await publish(
      ["a", "b", "c"],
      async (text, signal) => {
        if (text === "c") stop.abort();
        if (text !== "b") return;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw signal.reason;
      },
      stop,
    );
    expect(report).toMatchObject({ published: 2, failure: undefined, settledUpTo: { line: 1 } });
    expect(report.refused.count).toBe(0);
  });

  it("stops at the signal though nothing is ever confirmed", async () => {
    const stop = new AbortController();
    let sent = 0;
    const report = await publish(
      Array<string>(3_000).fill("x"),
      async (_, signal) => {
        if (++sent === 1_000) setImmediate(() => stop.abort());
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw new PublishError("connection-lost", "e k");
      },
      stop,
    );
    expect(report).toMatchObject({ published: 0, settledUpTo: undefined });
    expect(sent).toBe(1_000);
  });
});
