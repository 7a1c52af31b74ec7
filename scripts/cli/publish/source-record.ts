/** One line of an NDJSON file or one row of a CSV file. */
export interface SourceRecord {
  readonly file: string;
  /** From 1, the CSV header included; of a row over several lines the last one. */
  readonly line: number;
  /** What it takes up in the file, for the progress. */
  readonly fileBytes: number;
  /** What is to be published. A CSV row is mapped when it is asked for, and the mapping may throw. */
  readonly body: () => Buffer;
}
