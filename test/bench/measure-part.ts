import { setTimeout as sleep } from "node:timers/promises";
import { cpuMsOf } from "./process-usage.ts";

const LOOK_EVERY_MS = 20;

/** What a process made of its work once it was warm. */
export interface MeasuredPart {
  readonly perSecond: number;
  /** CPU of the process for each, all its threads together. */
  readonly cpuMicros: number;
}

/** Which part of the work counts: what comes before is for warming up. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** Looks at how much is done until all of it is, and takes a process's CPU along. */
export async function measurePart(
  pid: number,
  { from, to }: Part,
  countDone: () => Promise<number>,
): Promise<MeasuredPart> {
  let begun: Look | undefined;
  for (;;) {
    const look = { done: await countDone(), atMs: performance.now(), cpuMs: cpuMsOf(pid) };
    if (look.done >= from) begun ??= look;
    if (begun !== undefined && look.done >= to) return between(begun, look);
    await sleep(LOOK_EVERY_MS);
  }
}

interface Look {
  readonly done: number;
  readonly atMs: number;
  readonly cpuMs: number;
}

function between(begun: Look, ended: Look): MeasuredPart {
  const done = ended.done - begun.done;
  return {
    perSecond: (1_000 * done) / (ended.atMs - begun.atMs),
    cpuMicros: (1_000 * (ended.cpuMs - begun.cpuMs)) / done,
  };
}
