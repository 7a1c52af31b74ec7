import { setTimeout as sleep } from "node:timers/promises";
import { ZodError } from "zod";

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1_000;

export interface Persistence {
  /** Ends the patience; the abort's reason is thrown. */
  readonly signal: AbortSignal;
  /** Told of each failure, for a loud line. */
  readonly onTrouble: (error: unknown) => void;
  /** Told of each answer. */
  readonly onAnswer?: () => void;
}

/**
 * Runs a command until Redis answers. Redis being away is our fault, never the transaction's: the line is
 * held. Every command given here can safely run twice (tokens, first one wins).
 */
export async function persist<T>(run: () => Promise<T>, persistence: Persistence): Promise<T> {
  const { signal, onTrouble, onAnswer } = persistence;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    signal.throwIfAborted();
    try {
      const answer = await run();
      onAnswer?.();
      return answer;
    } catch (error) {
      if (isUnreadable(error)) throw error;
      onTrouble(error);
    }
    await sleep(delayMs, undefined, { signal });
  }
}

/** Redis answered, and would answer the same again: a key holds what no version of ours wrote. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof ZodError || error instanceof SyntaxError) return true;
  return error instanceof Error && /WRONGTYPE|user_script/.test(error.message);
}
