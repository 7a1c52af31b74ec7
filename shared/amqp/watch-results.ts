import type { Channel, ConsumeMessage } from "amqplib";
import { ack } from "./acknowledge.ts";
import { closeInTime } from "./close-in-time.ts";
import type { BrokerConnection } from "./connection.ts";
import { keepOpen } from "./keep-open.ts";
import { openChannel } from "./open-channel.ts";
import { redeclareMissing } from "./redeclare-missing.ts";

/** Results that wait for a slow watcher; older ones give way, so that watching never fills the broker. */
const MOST_WAITING = 10_000;
const PREFETCH = 100;

export interface WatchResultsOptions {
  readonly connection: BrokerConnection;
  readonly exchange: string;
  /** Routing-key pattern; all results by default. */
  readonly pattern?: string;
  /** Called with each result's JSON as published, and its key; the next ones wait while a hundred are unfinished. */
  readonly onResult: (body: Buffer, routingKey: string) => Promise<void> | void;
  readonly onWatching?: () => void;
  readonly onLost?: (error: Error, retryInMs: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Watches results go by on a queue of its own, so that no consumer misses one, until the signal fires. What is
 * published while the connection is away is not seen.
 */
export async function watchResults(options: WatchResultsOptions): Promise<void> {
  const { connection, signal, onLost } = options;
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  await keepOpen(() => redeclareMissing(connection, () => session(options, stopped)), {
    signal,
    onEnded: (error, retryInMs) => onLost?.(error, retryInMs),
  });
}

async function session(options: WatchResultsOptions, stopped: Promise<void>): Promise<void> {
  const model = await options.connection.open(options.signal);
  const { channel, ended } = await openChannel(model);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined); // it may fail while the subscription is not complete
  try {
    await Promise.race([subscribe(channel, options, fail), ended]);
    options.onWatching?.();
    await Promise.race([stopped, ended, failed]);
  } finally {
    await closeInTime(channel);
  }
}

async function subscribe(
  channel: Channel,
  { exchange, pattern = "result.#", onResult }: WatchResultsOptions,
  fail: (reason: unknown) => void,
): Promise<void> {
  const { queue } = await channel.assertQueue("", {
    exclusive: true,
    autoDelete: true,
    durable: false,
    maxLength: MOST_WAITING,
  });
  await channel.bindQueue(queue, exchange, pattern);
  await channel.prefetch(PREFETCH);
  const show = async (message: ConsumeMessage): Promise<void> => {
    await onResult(message.content, message.fields.routingKey);
    ack(channel, message);
  };
  await channel.consume(queue, (message) => {
    if (message === null) fail(new Error("the broker cancelled the watching queue"));
    else show(message).catch(fail);
  });
}
