import { connect } from "amqplib";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import { closeRedis, openRedis } from "../../../shared/redis/connection.ts";
import { LettersLock, LettersLockedError } from "../../../shared/redis/letters/letters-lock.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { testBroker, type TestBroker } from "../amqp/broker.ts";

const NEVER = new AbortController().signal;

async function brokerWith(letters: number): Promise<TestBroker> {
  const broker = await testBroker();
  for (let i = 0; i < letters; i++)
    broker.channel.publish(broker.names.exchanges.deadLetters, "malformed", Buffer.from(String(i)));
  await broker.channel.waitForConfirms();
  return broker;
}

async function lettersOf({ url, names }: TestBroker): Promise<LettersInHand> {
  const model = await connect(url);
  onTestFinished(() => model.close());
  return new LettersInHand(model, names.deadLetters);
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

async function read(letters: LettersInHand, perChannel: number): Promise<string[]> {
  const seen: string[] = [];
  await letters.read({
    perChannel,
    signal: NEVER,
    onLetter: ({ message }) => {
      seen.push(message.content.toString());
      return "next";
    },
  });
  return seen;
}

describe("letters in hand", () => {
  it("are all seen once, in order, over any number of channels, and go back in order", async () => {
    const broker = await brokerWith(1_000);
    for (const perChannel of [300, 1_000, 64]) {
      const letters = await lettersOf(broker);
      expect(await read(letters, perChannel)).toEqual(numbers(1_000));
      expect((await broker.channel.checkQueue(broker.names.deadLetters)).messageCount).toBe(0);
      await letters.giveBack();
      expect((await broker.channel.checkQueue(broker.names.deadLetters)).messageCount).toBe(1_000);
    }
  });

  it("that are removed are gone, and only these", async () => {
    const broker = await brokerWith(200);
    const letters = await lettersOf(broker);
    await letters.read({
      perChannel: 50,
      signal: NEVER,
      onLetter: ({ message, remove }) => {
        if (Number(message.content.toString()) === 77) remove();
        return "next";
      },
    });
    await letters.giveBack();
    const after = await lettersOf(broker);
    expect(await read(after, 1_000)).toEqual(numbers(200).filter((text) => text !== "77"));
    await after.giveBack();
  });

  it("are no more than asked for", async () => {
    const broker = await brokerWith(100);
    const letters = await lettersOf(broker);
    let seen = 0;
    const isWhole = await letters.read({
      perChannel: 1_000,
      signal: NEVER,
      onLetter: () => (++seen < 10 ? "next" : "enough"),
    });
    expect({ seen, isWhole }).toEqual({ seen: 10, isWhole: false });
    await letters.giveBack();
    expect((await broker.channel.checkQueue(broker.names.deadLetters)).messageCount).toBe(100);
  });
});

describe("the lock on the dead letters", () => {
  async function lockOf(namespace: string, by: string, onWaiting?: () => void) {
    const client = await openRedis(inject("redisUrl"));
    onTestFinished(async () => {
      await removeKeys(client, `${namespace}:*`);
      await closeRedis(client);
    });
    return LettersLock.take(client, { namespace, by, what: "a test", onWaiting, signal: NEVER });
  }

  it("is one's alone, and tells whose", async () => {
    const namespace = newNamespace();
    const lock = await lockOf(namespace, "mei");
    const refused = await lockOf(namespace, "tom").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LettersLockedError);
    expect(refused).toMatchObject({ holder: { by: "mei", what: "a test" } });
    await lock.release();
    await (await lockOf(namespace, "tom")).release();
  });

  it("is waited for by who wants to", async () => {
    const namespace = newNamespace();
    const lock = await lockOf(namespace, "mei");
    const waits = Promise.withResolvers<void>();
    const next = lockOf(namespace, "tom", waits.resolve);
    await waits.promise;
    await lock.release();
    expect(await next).toBeInstanceOf(LettersLock);
    await (await next).release();
  });
});
