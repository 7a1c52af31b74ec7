import type { SourceRecord } from "./source-record.ts";

/** A record, and its place among the records of all files: what `--skip` counts. */
export interface NumberedRecord extends SourceRecord {
  /** From 1. */
  readonly number: number;
}

export interface Selection {
  /** Records that are left out at the beginning. */
  readonly skip: number;
  /** Infinity for all. */
  readonly limit: number;
}

/** The selected records. `onSkipped` hears of each one left out before them. */
export async function* selectRecords(
  records: AsyncIterable<SourceRecord>,
  { skip, limit }: Selection,
  onSkipped: (record: SourceRecord) => void,
): AsyncGenerator<NumberedRecord> {
  if (limit === 0) return;
  let number = 0;
  for await (const record of records) {
    number += 1;
    if (number <= skip) onSkipped(record);
    else yield { ...record, number };
    if (number >= skip + limit) return;
  }
}
