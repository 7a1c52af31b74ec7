import { inGroups } from "../in-groups.ts";
import type { SourceRecord } from "./source-record.ts";

/** What is wrong with one record. */
interface RecordProblem {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

const MOST_LISTED = 50;

/** Counts problems, and keeps the first ones: a file may be wrong from end to end. */
export class ProblemList {
  readonly listed: RecordProblem[] = [];
  count = 0;

  add({ file, line }: SourceRecord, problem: string): void {
    this.count += 1;
    if (this.listed.length < MOST_LISTED) this.listed.push({ file, line, problem });
  }

  /** A line for each problem that was kept, and one for the rest. */
  format(): string {
    const lines = this.listed.map(({ file, line, problem }) => `${file} line ${line}: ${problem}\n`);
    const rest = this.count - this.listed.length;
    return lines.join("") + (rest > 0 ? `and ${inGroups(rest)} more\n` : "");
  }
}
