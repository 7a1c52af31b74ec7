import { addAbortSignal } from "node:stream";
import { readLines } from "./read-lines.ts";
import { readRows } from "./read-rows.ts";
import type { Source } from "./source.ts";
import type { SourceRecord } from "./source-record.ts";

/** No broker set up as it should be takes more; so much of a longer line is read. */
export const LARGEST_BODY = 1_048_576;

/** Reads the sources one after the other, as fast as the records are taken. The signal ends it with an AbortError. */
export async function* readRecords(
  sources: readonly Source[],
  signal: AbortSignal,
): AsyncGenerator<SourceRecord> {
  for (const source of sources) {
    const input = addAbortSignal(signal, source.open());
    if (source.format === "csv") {
      yield* readRows(input, source.file, source.mapRow);
      continue;
    }
    for await (const { number, bytes, fileBytes } of readLines(input, LARGEST_BODY)) {
      yield { file: source.file, line: number, fileBytes, body: () => bytes };
    }
  }
}
