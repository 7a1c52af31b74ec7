import { setTimeout as delay } from "node:timers/promises";
import { answers } from "./answers.ts";

const BETWEEN_QUESTIONS_MS = 100;

/** Asks until the server answers; rejects at the signal or after `withinMs`. */
export async function waitUntilAnswers(url: string, withinMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await answers(url, 1_000))) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`nothing answered at ${url} within ${withinMs / 1_000} s`);
    await delay(BETWEEN_QUESTIONS_MS);
  }
}
