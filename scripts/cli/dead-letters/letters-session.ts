import { brokerNames, type BrokerNames } from "../../../shared/amqp/broker-names.ts";
import type { BrokerConnection } from "../../../shared/amqp/connection.ts";
import { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import type { Settings } from "../../../shared/process/settings/read-settings.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import {
  LettersLock,
  LettersLockedError,
  type LockHolder,
} from "../../../shared/redis/letters/letters-lock.ts";
import { connectToBroker } from "../connect-to-broker.ts";
import { noteOnce } from "../note-once.ts";
import { withRedis } from "../with-redis.ts";

/** What every command that looks at dead letters needs. */
export interface LettersSession {
  readonly client: RedisClient;
  readonly connection: BrokerConnection;
  readonly names: BrokerNames;
  readonly namespace: string;
  readonly operator: string;
  readonly isPatient: boolean;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface SessionOptions {
  readonly settings: Settings<"installation" | "broker" | "redis">;
  /** Waits while somebody else has the letters in hand. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** Where notes go; standard error by default. */
  readonly note?: (line: string) => void;
}

/** Connects to both servers, and closes what it opened. */
export function withLetters<T>(
  options: SessionOptions,
  work: (session: LettersSession) => Promise<T>,
): Promise<T> {
  const { settings, signal, wait, note = noteOnce() } = options;
  const { namespace, operator } = settings.installation;
  return withRedis(settings.redis.url, async (client) => {
    const connection = await connectToBroker({ settings, command: "dead-letters", note, signal });
    try {
      const names = brokerNames(namespace);
      return await work({ client, connection, names, namespace, operator, isPatient: wait, note, signal });
    } finally {
      await connection.close();
    }
  });
}

/**
 * Takes the dead letters in hand for a piece of work: nobody else sees them meanwhile, and all that was not removed goes
 * back, in its order, whatever happens.
 */
export async function holdLetters<T>(
  session: LettersSession,
  what: string,
  work: (letters: LettersInHand, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await takeLock(session, what);
  try {
    const signal = AbortSignal.any([session.signal, lock.lost]);
    const letters = new LettersInHand(await session.connection.open(signal), session.names.deadLetters);
    try {
      return await work(letters, signal);
    } finally {
      await letters.giveBack();
    }
  } finally {
    await lock.release();
  }
}

async function takeLock(session: LettersSession, what: string): Promise<LettersLock> {
  const { client, namespace, operator, isPatient, note, signal } = session;
  const onWaiting = (holder: LockHolder | undefined): void => note(`waiting: ${describe(holder)}`);
  try {
    return await LettersLock.take(client, {
      namespace,
      by: operator,
      what,
      onWaiting: isPatient ? onWaiting : undefined,
      signal,
    });
  } catch (error) {
    if (!(error instanceof LettersLockedError)) throw error;
    throw new Error(`${describe(error.holder)}; --wait waits for it`, { cause: error });
  }
}

function describe(holder: LockHolder | undefined): string {
  if (holder === undefined) return "somebody has the dead letters in hand";
  return `the dead letters are in hand: ${holder.what} by ${holder.by}, since ${formatInstant(holder.since)}`;
}
