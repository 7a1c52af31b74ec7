/** What is done with a suspect under a mark, alone: where a message that kills workers would do it. */
export const SUSPECT_STAGES = ["parsing", "deciding"] as const;
export type SuspectStage = (typeof SUSPECT_STAGES)[number];

/** So many workers died with the same message marked: the next one leaves it alone. */
export const MOST_DEATHS = 3;

/** A suspect came through, or it had killed too many workers to be tried once more. */
export type Passage<T> =
  { readonly kind: "passed"; readonly value: T } | { readonly kind: "poisoned"; readonly deaths: number };
