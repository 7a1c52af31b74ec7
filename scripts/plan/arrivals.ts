import type { Random } from "../sandbox/random.ts";

/** When transactions come, in ms from the start of the plan, in order. */
export interface Arrivals {
  /** For a person. */
  readonly described: string;
  /** From the first moment to the last that it tells of; undefined where it goes on for ever. */
  readonly durationMs: number | undefined;
  /** About how many come in the first `durationMs`, or in all that it tells of. */
  expected(durationMs: number): number;
  times(random: Random): Iterable<number>;
}

/** So many transactions in each stretch of time, at random. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** A rate from one hour of the day to another. */
export interface Spell extends Rate {
  readonly fromHour: number;
  readonly toHour: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A Poisson process whose rate changes with the hour of the day; 0 where no spell is. The plan starts at midnight. */
export function profile(described: string, spells: readonly Spell[]): Arrivals {
  return {
    described,
    durationMs: undefined,
    expected: (durationMs) => expectedOf(spells, durationMs),
    times: (random) => drawTimes(spells, random),
  };
}

function expectedOf(spells: readonly Spell[], durationMs: number): number {
  const [days, restMs] = [Math.floor(durationMs / DAY_MS), durationMs % DAY_MS];
  return spells.reduce((sum, { count, perMs, fromHour, toHour }) => {
    const [fromMs, toMs] = [fromHour * HOUR_MS, toHour * HOUR_MS];
    const lastsMs = days * (toMs - fromMs) + Math.max(0, Math.min(restMs, toMs) - fromMs);
    return sum + (count * lastsMs) / perMs;
  }, 0);
}

function* drawTimes(spells: readonly Spell[], random: Random): Generator<number> {
  for (let dayMs = 0; ; dayMs += DAY_MS) {
    for (const { count, perMs, fromHour, toHour } of spells) {
      const endMs = dayMs + toHour * HOUR_MS;
      // What is left of a gap at the end of a spell begins anew in the next: the process has no memory.
      let atMs = dayMs + fromHour * HOUR_MS;
      for (;;) {
        atMs -= (Math.log(1 - random()) * perMs) / count;
        if (atMs >= endMs) break;
        yield atMs;
      }
    }
  }
}

/** Transactions that came at these moments; only their distances count. */
export function recorded(described: string, momentsMs: Float64Array): Arrivals {
  const sorted = momentsMs.toSorted();
  const first = sorted[0] ?? 0;
  return {
    described,
    durationMs: (sorted.at(-1) ?? 0) - first,
    expected: () => sorted.length,
    *times() {
      for (const moment of sorted) yield moment - first;
    },
  };
}

/** How many came from a moment on, until the next one. */
export interface CountFrom {
  readonly atMs: number;
  readonly count: number;
}

/** Counts, in order of time, each spread evenly until the next; the last one over as long as the one before. */
export function counted(described: string, counts: readonly CountFrom[]): Arrivals {
  const first = counts[0]?.atMs ?? 0;
  const last = counts.at(-1)?.atMs ?? 0;
  const lastStepMs = last - (counts.at(-2)?.atMs ?? last);
  return {
    described,
    durationMs: last + lastStepMs - first,
    expected: () => counts.reduce((sum, { count }) => sum + count, 0),
    *times() {
      for (const [place, { atMs, count }] of counts.entries()) {
        const endMs = counts[place + 1]?.atMs ?? last + lastStepMs;
        for (let nth = 0; nth < count; nth += 1) yield atMs - first + ((nth + 0.5) * (endMs - atMs)) / count;
      }
    },
  };
}
