import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../../shared/amqp/backoff-ms.ts";
import type { OutgoingMessage } from "../../../shared/amqp/outgoing-message.ts";
import { pause } from "../../../shared/amqp/pause.ts";
import { PublishError } from "../../../shared/amqp/publish-error.ts";
import type { Publisher } from "../../../shared/amqp/publisher.ts";
import { Pace } from "./pace.ts";
import { ProblemList } from "./problem-list.ts";
import { LARGEST_BODY } from "./read-records.ts";
import { RecordsInHand } from "./records-in-hand.ts";
import type { NumberedRecord } from "./select-records.ts";

/** As many as the publisher lets be unconfirmed. */
const MOST_IN_HAND = 1_000;
/** Timers know no shorter time. */
const SHORTEST_SLEEP_MS = 1;

interface PublishRecordsOptions {
  readonly publisher: Pick<Publisher, "publish">;
  readonly messageOf: (body: Buffer) => OutgoingMessage;
  /** Infinity for as fast as it goes. */
  readonly perSecond: number;
  /** Ends the reading; what was sent is still waited for. */
  readonly signal: AbortSignal;
  readonly onSettled?: (record: NumberedRecord) => void;
  /** A message has to be published again. */
  readonly onRepeat?: (error: PublishError) => void;
}

/** How far publishing came. */
export interface PublishReport {
  readonly published: number;
  /** Of what was published. */
  readonly bytes: number;
  /** How often a message was published again because nobody knows whether it had arrived. */
  readonly repeated: number;
  /** Records that can never be published. */
  readonly refused: ProblemList;
  /** The record up to which every one is published or refused. */
  readonly settledUpTo: NumberedRecord | undefined;
  /** What ended the reading before the end of the file; the signal's abort is no failure. */
  readonly failure: unknown;
}

/**
 * Publishes records as they are, in the order of the file as long as nothing has to be repeated, and each at least
 * once: what the broker may not have got is published again, as soon as it is back. Rejects never.
 */
export async function publishRecords(
  records: AsyncIterable<NumberedRecord>,
  options: PublishRecordsOptions,
): Promise<PublishReport> {
  return new Publication(options).run(records);
}

class Publication {
  readonly #options: PublishRecordsOptions;
  readonly #pace: Pace;
  readonly #inHand = new RecordsInHand(MOST_IN_HAND);
  readonly #refused = new ProblemList();
  #published = 0;
  #bytes = 0;
  #repeated = 0;

  constructor(options: PublishRecordsOptions) {
    this.#options = options;
    this.#pace = new Pace(options.perSecond, performance.now());
  }

  async run(records: AsyncIterable<NumberedRecord>): Promise<PublishReport> {
    const failure = await this.#read(records);
    await this.#inHand.rest();
    return {
      published: this.#published,
      bytes: this.#bytes,
      repeated: this.#repeated,
      refused: this.#refused,
      settledUpTo: this.#inHand.settledUpTo,
      failure,
    };
  }

  /** Resolves with what went wrong, if anything did. */
  async #read(records: AsyncIterable<NumberedRecord>): Promise<unknown> {
    const { signal } = this.#options;
    try {
      for await (const record of records) {
        const body = record.body();
        await this.#inHand.room();
        signal.throwIfAborted();
        const turnMs = this.#pace.nextTurnMs(performance.now());
        if (turnMs >= SHORTEST_SLEEP_MS) await sleep(turnMs, undefined, { signal });
        void this.#inHand.run(record, () => this.#publish(record, body));
      }
    } catch (error) {
      if (!signal.aborted) return error;
    }
    return undefined;
  }

  /** False where the signal came first. */
  async #publish(record: NumberedRecord, body: Buffer): Promise<boolean> {
    try {
      if (body.length > LARGEST_BODY) throw new Error(`longer than ${LARGEST_BODY} bytes`);
      await this.#publishUntilConfirmed(this.#options.messageOf(body));
      this.#published += 1;
      this.#bytes += body.length;
    } catch (error) {
      if (this.#options.signal.aborted) return false;
      this.#refused.add(record, error instanceof Error ? error.message : String(error));
    }
    this.#options.onSettled?.(record);
    return true;
  }

  async #publishUntilConfirmed(message: OutgoingMessage): Promise<void> {
    const { publisher, signal, onRepeat } = this.#options;
    for (let failures = 1; ; failures++) {
      try {
        await publisher.publish(message, signal);
        return;
      } catch (error) {
        if (!isWorthRepeating(error) || signal.aborted) throw error;
        this.#repeated += 1;
        onRepeat?.(error);
      }
      await pause(backoffMs(failures), signal);
    }
  }
}

function isWorthRepeating(error: unknown): error is PublishError {
  return error instanceof PublishError && ["nacked", "timed-out", "connection-lost"].includes(error.kind);
}
