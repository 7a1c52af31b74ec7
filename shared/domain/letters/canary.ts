/** How many letters are put back at once: a few, to see whether the cause is mended, then more and more. */
const BATCHES = [1, 2, 5, 20, 100, 250] as const;
const LARGEST_BATCH = 500;
/** Batches that are canaries: one of them that fails as a whole ends the replay. */
const CANARIES = 3;
/** Of a later batch, more than this part. */
const MOST_FAILING = 0.5;

/** The size of a batch, counted from 0. */
export const batchSize = (batch: number): number => BATCHES[batch] ?? LARGEST_BATCH;

/** What became of a batch. */
export interface BatchOutcome {
  readonly answered: number;
  readonly failed: number;
}

/** Whether so many failed again that the cause cannot be mended. */
export function failsAgain(batch: number, { answered, failed }: BatchOutcome): boolean {
  if (failed === 0) return false;
  return batch < CANARIES ? answered === 0 : failed > MOST_FAILING * (answered + failed);
}
