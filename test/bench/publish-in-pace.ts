import { setTimeout as sleep } from "node:timers/promises";
import type { ResultClock, TimedResult } from "./result-clock.ts";

/**
 * What comes first is for warming up: connections, and the code that runs for each transaction, which V8 compiles after
 * some hundreds of them.
 */
const WARM_UP_SECONDS = 20;

/** Publishes at random moments, as payments come; gives the results of those that came once all was warm. */
export async function publishInPace(
  clock: ResultClock,
  { perHour, seconds }: { readonly perHour: number; readonly seconds: number },
  publish: () => void = () => clock.publish(),
): Promise<readonly TimedResult[]> {
  const fromMs = performance.now();
  const warmMs = fromMs + 1_000 * WARM_UP_SECONDS;
  for (let nextMs = fromMs; nextMs < warmMs + 1_000 * seconds;) {
    await sleep(Math.max(0, nextMs - performance.now()));
    publish();
    nextMs += (-Math.log(1 - Math.random()) * 3_600_000) / perHour;
  }
  await clock.allIn();
  return clock.takeResults().filter(({ publishedAtMs }) => publishedAtMs >= warmMs);
}
