import { parseTransaction } from "../../../shared/domain/transaction.ts";
import { ProblemList } from "./problem-list.ts";
import { showProgress, totalOf } from "./progress.ts";
import { readRecords } from "./read-records.ts";
import { selectRecords, type Selection } from "./select-records.ts";
import type { Source } from "./source.ts";

/** What a check found. */
export interface CheckReport {
  readonly checked: number;
  readonly problems: ProblemList;
}

/** Parses every selected record as a worker would. */
export async function checkSources(
  sources: readonly Source[],
  selection: Selection,
  signal: AbortSignal,
): Promise<CheckReport> {
  const progress = showProgress("checked", totalOf(sources, selection));
  const problems = new ProblemList();
  let checked = 0;
  try {
    for await (const record of selectRecords(readRecords(sources, signal), selection, progress.skip)) {
      const transaction = parseTransaction(record.body());
      if (!transaction.ok) problems.add(record, transaction.problem);
      checked += 1;
      progress.advance(record);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    progress.end();
  }
  return { checked, problems };
}
