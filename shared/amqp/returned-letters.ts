import { randomUUID } from "node:crypto";
import type { Channel, ConsumeMessage } from "amqplib";
import type { Letter } from "../domain/letters/letter.ts";
import { UNSTORED_REASONS } from "../domain/unstored-letter.ts";
import type { BrokerNames } from "./broker-names.ts";
import { closeInTime } from "./close-in-time.ts";
import type { BrokerConnection } from "./connection.ts";
import { openChannel } from "./open-channel.ts";
import { replayIdOf } from "./read-delivery.ts";
import { readLetter } from "./read-letter.ts";

/** A letter that the watching queue takes is one that the broker need not return: the dead-letter queue has to be there. */
const LOOKED_FOR_EVERY_MS = 5_000;

export interface FollowOptions {
  readonly replayId: string;
  readonly connection: BrokerConnection;
  readonly names: BrokerNames;
  readonly signal: AbortSignal;
}

/**
 * What one replay has put back and comes back as a dead letter that the journal knows nothing of. It is seen on its way
 * to the dead-letter queue, on a queue of its own: on that one, it would be behind all the others.
 */
export class ReturnedLetters {
  readonly #channel: Channel;
  readonly #bySha256 = new Map<string, Letter[]>();
  #looking: NodeJS.Timeout | undefined;
  #lost: unknown;

  static async follow({ replayId, connection, names, signal }: FollowOptions): Promise<ReturnedLetters> {
    const { channel, ended } = await openChannel(await connection.open(signal));
    const returned = new ReturnedLetters(channel);
    ended.catch((error: unknown) => {
      returned.#lost = error;
    });
    try {
      await returned.#watch(replayId, names);
    } catch (error) {
      await returned.close();
      throw error;
    }
    return returned;
  }

  private constructor(channel: Channel) {
    this.#channel = channel;
  }

  async #watch(replayId: string, names: BrokerNames): Promise<void> {
    const channel = this.#channel;
    // Under our prefix: the right to it is all that an operator needs to have.
    const queue = `${names.deadLetters}.${randomUUID()}`;
    await channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false });
    for (const reason of UNSTORED_REASONS)
      await channel.bindQueue(queue, names.exchanges.deadLetters, reason);
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null) this.#lost = new Error("the broker cancelled the watching queue");
      else if (replayIdOf(message.properties.headers) === replayId)
        this.#add(readLetter(message, names.exchanges.transactions));
    };
    await channel.consume(queue, onMessage, { noAck: true });
    this.#looking = setInterval(() => void this.#look(names.deadLetters), LOOKED_FOR_EVERY_MS);
  }

  /** Where it is not there, the broker ends the channel, and with it the watching queue; `take` hears of it. */
  async #look(deadLetters: string): Promise<void> {
    try {
      await this.#channel.checkQueue(deadLetters);
    } catch (error) {
      this.#lost ??= error;
    }
  }

  /** Takes the next one with this body. @throws where the link is lost: it may have come unseen */
  take(bodySha256: string): Letter | undefined {
    if (this.#lost !== undefined) throw this.#lost;
    return this.#bySha256.get(bodySha256)?.shift();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await closeInTime(this.#channel);
  }

  #add(letter: Letter): void {
    const same = this.#bySha256.get(letter.bodySha256);
    if (same === undefined) this.#bySha256.set(letter.bodySha256, [letter]);
    else same.push(letter);
  }
}
