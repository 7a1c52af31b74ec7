const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** The pause after so many failures in a row: doubled each time, capped, with a jitter of a fifth. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(base * (0.8 + 0.4 * random()));
}
