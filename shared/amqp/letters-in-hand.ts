import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { ack } from "./acknowledge.ts";
import { closeInTime } from "./close-in-time.ts";
import { openChannel } from "./open-channel.ts";

/**
 * Acks in a burst are lost where the channel closes at once (lane-subscription.ts); on a busy machine some are all the
 * same, so whoever removes many looks again.
 */
const ACKS_SETTLE_MS = 250;
/** A channel is closed before its queue has taken back what it held. */
const TAKEN_BACK_WITHIN_MS = 5_000;
/** After so long, consumers that are still counted are somebody else's, who may have taken them. */
const OWN_CONSUMERS_GONE_MS = 1_500;
const LOOKED_AT_EVERY_MS = 20;
/** Where nothing more comes for so long, somebody else has the rest in hand. */
const STALL_MS = 500;
const NOTHING = Buffer.alloc(0);

export type LetterMessage = ConsumeMessage;

/** A letter in hand: hidden from everybody else until it is given back, or gone once it is removed. */
export interface LetterInHand {
  readonly message: LetterMessage;
  /** False where the channel is gone, and the letter with it back on its queue. */
  readonly remove: () => boolean;
}

export interface ReadOptions {
  /** Letters on one channel; after each channel `afterChannel` is waited for. A quorum queue gives 65,535 at most. */
  readonly perChannel: number;
  /** Called in the order of the queue, and must be quick; "enough" ends the reading. */
  readonly onLetter: (letter: LetterInHand) => "next" | "enough";
  /** Gives "enough" where that is enough. */
  readonly afterChannel?: () => Promise<"next" | "enough">;
  readonly signal: AbortSignal;
}

/**
 * Reads a queue without taking anything out of it: its letters are held on as many channels as it takes, since the
 * broker gives each only so many, and go back in their order when the channels close, also where this process is
 * killed. Nothing of them is kept here.
 */
export class LettersInHand {
  readonly #model: ChannelModel;
  readonly #queue: string;
  readonly #channels: Channel[] = [];
  #taken = 0;
  #removed = 0;

  constructor(model: ChannelModel, queue: string) {
    this.#model = model;
    this.#queue = queue;
  }

  /**
   * Reads what is on the queue now, once. Gives whether that was all that is to be had: what others have in hand is not.
   * @throws where the link is lost
   */
  async read(options: ReadOptions): Promise<boolean> {
    const { channel, ended } = await this.#open();
    const count = async (): Promise<number> => {
      const { messageCount } = await Promise.race([channel.checkQueue(this.#queue), ended]);
      return messageCount;
    };
    let left = await count();
    while (left > 0) {
      options.signal.throwIfAborted();
      const part = await this.#readPart(Math.min(left, options.perChannel), count, options);
      left -= part.letters;
      this.#taken += part.letters;
      const next = part.isEnough ? "enough" : ((await options.afterChannel?.()) ?? "next");
      if (next === "enough") return left <= 0 && !part.isEnough;
      if (part.isStalled) return true;
    }
    return true;
  }

  /** Gives everything back that was not removed, oldest first, and waits until others see it. Never rejects. */
  async giveBack(): Promise<void> {
    if (this.#removed > 0) await sleep(ACKS_SETTLE_MS);
    // One after the other: in the order of the queue.
    for (const channel of this.#channels.splice(0)) await closeInTime(channel);
    await this.#untilReady(this.#taken - this.#removed).catch(() => undefined);
  }

  async #untilReady(letters: number): Promise<void> {
    const { channel, ended } = await openChannel(this.#model);
    const sinceMs = performance.now();
    try {
      for (let waitedMs = 0; waitedMs < TAKEN_BACK_WITHIN_MS; waitedMs = performance.now() - sinceMs) {
        const { messageCount, consumerCount } = await Promise.race([channel.checkQueue(this.#queue), ended]);
        if (messageCount >= letters || (consumerCount > 0 && waitedMs > OWN_CONSUMERS_GONE_MS)) return;
        await sleep(LOOKED_AT_EVERY_MS);
      }
    } finally {
      await closeInTime(channel);
    }
  }

  /** One channel's letters. */
  async #readPart(most: number, count: () => Promise<number>, options: ReadOptions): Promise<PartRead> {
    const { channel, ended } = await this.#open();
    const part = new PartRead(most, options.onLetter);
    await channel.prefetch(most);
    const consuming = channel.consume(this.#queue, (message) => {
      if (message === null) part.fail(new Error(`the broker cancelled the consumer of "${this.#queue}"`));
      else part.take({ message, remove: this.#removal(channel, message) });
    });
    const { consumerTag } = await Promise.race([consuming, ended]);
    await Promise.race([part.isOver(count, options.signal), ended]);
    // From here on, what is new goes to others.
    await Promise.race([channel.cancel(consumerTag), ended]);
    return part;
  }

  /** Keeps nothing of the letter but its tag: whoever removes many holds many of these. */
  #removal(channel: Channel, { fields, properties }: ConsumeMessage): () => boolean {
    const tagged: ConsumeMessage = { fields, properties: { ...properties, headers: {} }, content: NOTHING };
    return () => {
      const isRemoved = ack(channel, tagged);
      if (isRemoved) this.#removed += 1;
      return isRemoved;
    };
  }

  async #open(): Promise<{ channel: Channel; ended: Promise<never> }> {
    const opened = await openChannel(this.#model);
    this.#channels.push(opened.channel);
    return opened;
  }
}

/** The letters that one channel brings. */
class PartRead {
  readonly #most: number;
  readonly #onLetter: ReadOptions["onLetter"];
  readonly #full = Promise.withResolvers<void>();
  letters = 0;
  isEnough = false;
  /** Nothing more comes: somebody else has the rest in hand. */
  isStalled = false;

  constructor(most: number, onLetter: ReadOptions["onLetter"]) {
    this.#most = most;
    this.#onLetter = onLetter;
    this.#full.promise.catch(() => undefined); // it may fail after it was waited for
  }

  take(letter: LetterInHand): void {
    if (this.isEnough || this.letters >= this.#most) return;
    this.letters += 1;
    this.isEnough = this.#onLetter(letter) === "enough";
    if (this.isEnough || this.letters >= this.#most) this.#full.resolve();
  }

  fail(error: Error): void {
    this.#full.reject(error);
  }

  async isOver(countReady: () => Promise<number>, signal: AbortSignal): Promise<void> {
    for (let seen = -1; !this.isStalled; seen = this.letters) {
      const pause = sleep(STALL_MS, true, { signal, ref: false });
      if ((await Promise.race([this.#full.promise, pause])) !== true) return;
      this.isStalled = this.letters === seen && (await countReady()) === 0;
    }
  }
}
