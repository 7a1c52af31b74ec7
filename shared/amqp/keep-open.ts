import { backoffMs } from "./backoff-ms.ts";
import { pause } from "./pause.ts";

/** A session that lasted this long was sound: its end is no reason to wait longer than the first time. */
const SOUND_AFTER_MS = 10_000;

export interface KeepOpenOptions {
  /** Once it fires, no further session begins; the running one ends by itself. */
  readonly signal: AbortSignal;
  readonly onEnded: (error: Error, retryInMs: number) => void;
  /** Says that trying again is useless: the error is thrown instead. */
  readonly isFinal?: (error: Error, failures: number) => boolean;
}

/**
 * Runs a session (open something, use it, reject when it is lost) again and again, pausing longer after each
 * short one. A session that resolves was ended on purpose, and is not repeated.
 */
export async function keepOpen(session: () => Promise<void>, options: KeepOpenOptions): Promise<void> {
  for (let failures = 1; !options.signal.aborted; failures++) {
    const startedAt = performance.now();
    const error = await failureOf(session);
    if (error === undefined || options.signal.aborted) return;
    if (options.isFinal?.(error, failures) === true) throw error;
    if (performance.now() - startedAt >= SOUND_AFTER_MS) failures = 1;
    const retryInMs = backoffMs(failures);
    options.onEnded(error, retryInMs);
    await pause(retryInMs, options.signal);
  }
}

async function failureOf(session: () => Promise<void>): Promise<Error | undefined> {
  try {
    await session();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
