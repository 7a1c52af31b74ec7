import { expect, inject, it, vi } from "vitest";
import type { BrokerNames } from "../../../shared/amqp/broker-names.ts";
import { ReturnedLetters } from "../../../shared/amqp/returned-letters.ts";
import { openConnection, testBroker } from "./broker.ts";

async function watcherOf(names: BrokerNames) {
  const { connection } = await openConnection(inject("amqpUrl"));
  const { signal } = new AbortController();
  return () => ReturnedLetters.follow({ replayId: "R1", connection, names, signal });
}

it("leaves nothing running where the broker refuses it", async () => {
  const { names } = await testBroker({ isDeclared: false });
  const follow = await watcherOf(names);
  const looking = vi.spyOn(globalThis, "setInterval");
  const stopped = vi.spyOn(globalThis, "clearInterval");
  await expect(follow()).rejects.toThrow("NOT_FOUND");
  expect(stopped.mock.calls.length).toBeGreaterThanOrEqual(looking.mock.calls.length);
});

it("says so where the dead-letter queue is gone: it would take the letters in its place", async () => {
  const { names, channel } = await testBroker();
  const returned = await (await watcherOf(names))();
  try {
    await channel.deleteQueue(names.deadLetters);
    await expect.poll(() => attempt(returned), { timeout: 15_000 }).toContain("NOT_FOUND");
  } finally {
    await returned.close();
  }
});

function attempt(returned: ReturnedLetters): string {
  try {
    returned.take("none");
    return "";
  } catch (error) {
    return String(error);
  }
}
