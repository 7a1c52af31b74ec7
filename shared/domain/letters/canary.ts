/** How many letters are put back at once: a few, to see whether the cause is mended, then more and more. */
const BATCHES = [1, 2, 5, 20, 100, 250] as const;
const LARGEST_BATCH = 500;
/** Batches that are canaries: one of them without an answer ends the replay. */
const CANARIES = 3;
/** Of a later batch, more than this part. */
const MOST_IN_VAIN = 0.5;

/** The size of a batch, counted from 0. */
export const batchSize = (batch: number): number => BATCHES[batch] ?? LARGEST_BATCH;

/** What became of a batch. */
export interface BatchOutcome {
  readonly answered: number;
  /** Got a verdict by policy, for nobody could answer. */
  readonly fallbacks: number;
  readonly failed: number;
}

/** Whether so many were put back in vain that the cause cannot be mended. */
export function isInVain(batch: number, { answered, fallbacks, failed }: BatchOutcome): boolean {
  const inVain = fallbacks + failed;
  if (inVain === 0) return false;
  return batch < CANARIES ? answered === 0 : inVain > MOST_IN_VAIN * (answered + inVain);
}
