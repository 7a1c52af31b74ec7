import { parseTransaction } from "../../../shared/domain/transaction.ts";
import { ProblemList } from "./problem-list.ts";
import type { NumberedRecord } from "./select-records.ts";

/** What a check found. */
export interface CheckReport {
  readonly checked: number;
  readonly problems: ProblemList;
}

/** Parses every record as a worker would. */
export async function checkRecords(records: AsyncIterable<NumberedRecord>): Promise<CheckReport> {
  const problems = new ProblemList();
  let checked = 0;
  for await (const record of records) {
    const transaction = parseTransaction(record.body());
    if (!transaction.ok) problems.add(record, transaction.problem);
    checked += 1;
  }
  return { checked, problems };
}
