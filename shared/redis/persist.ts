import { setTimeout as sleep } from "node:timers/promises";
import { isUnreadable } from "./is-unreadable.ts";

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1_000;

export interface Persistence {
  /** Ends the patience; the abort's reason is thrown. */
  readonly signal: AbortSignal;
  /** So does this moment, in monotonic milliseconds: then what went wrong is thrown. */
  readonly untilMs?: number;
  /** Told of each failure, for a loud line. */
  readonly onTrouble: (error: unknown) => void;
  /** Told of each answer. */
  readonly onAnswer?: () => void;
}

/** How a worker waits for Redis. */
export interface Patience extends Pick<Persistence, "onTrouble" | "onAnswer"> {
  /** Until then is kept and told what was paid for, also while a graceful stop goes on. */
  readonly lastMoment: AbortSignal;
}

/** Redis failed for as long as a command could wait for it: a delivery goes back to its queue then. */
class RedisAwayError extends Error {
  constructor(cause: unknown) {
    super("Redis has been away for as long as this could wait", { cause });
    this.name = "RedisAwayError";
  }
}

/**
 * Runs a command until Redis answers. Redis being away is our fault, never the transaction's: the line is
 * held. Every command given here can safely run twice (tokens, first one wins).
 */
export async function persist<T>(run: () => Promise<T>, persistence: Persistence): Promise<T> {
  const { signal, untilMs = Infinity, onTrouble, onAnswer } = persistence;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    signal.throwIfAborted();
    try {
      const answer = await run();
      onAnswer?.();
      return answer;
    } catch (error) {
      if (isUnreadable(error)) throw error;
      onTrouble(error);
      if (performance.now() + delayMs >= untilMs) throw new RedisAwayError(error);
    }
    await sleep(delayMs, undefined, { signal });
  }
}
