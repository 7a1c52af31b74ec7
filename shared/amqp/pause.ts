import { setTimeout as sleep } from "node:timers/promises";

/** Waits, at most until the signal fires; which of the two it was is for the caller to look at. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
