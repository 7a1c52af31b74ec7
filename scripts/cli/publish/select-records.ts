import type { SourceRecord } from "./source-record.ts";

/** A record, and how many records of all files came before it: what `--skip` counts. */
export interface NumberedRecord extends SourceRecord {
  /** From 1. */
  readonly number: number;
}

/** Leaves out the first `skip` records and ends after `limit`. `onSkipped` hears of each one left out. */
export async function* selectRecords(
  records: AsyncIterable<SourceRecord>,
  { skip, limit }: { readonly skip: number; readonly limit: number },
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
