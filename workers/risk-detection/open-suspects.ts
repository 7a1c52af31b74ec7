import type { RedisClient } from "../../shared/redis/connection.ts";
import { persist } from "../../shared/redis/persist.ts";
import { SuspectMarks, type SuspectMark } from "../../shared/redis/journal/suspect-marks.ts";
import { Suspects } from "./suspects.ts";
import type { Worker } from "./worker.ts";

/** What tells deliveries that kill workers, by marks that outlive them. */
export function openSuspects(redis: RedisClient, worker: Worker): Suspects<SuspectMark> {
  const { settings, shutdown, observers } = worker;
  const marks = new SuspectMarks(redis, settings.installation);
  return new Suspects({
    marks: {
      newMark: (delivery, stage) => marks.newMark(delivery, stage),
      // What was paid for is decided about until the last moment, as it is stored.
      set: (mark, { signal, untilMs }) =>
        persist(() => marks.set(mark), {
          ...observers.redis,
          untilMs,
          signal: untilMs === Infinity ? shutdown.hard : signal,
        }),
      clear: (mark) => marks.clear(mark),
    },
    ...observers.suspects,
  });
}
