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
    yield* readNdjson(input, source.file);
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Lines as they are. Blank ones are no records; a mark that some editors put before the first one is none of it. */
async function* readNdjson(input: AsyncIterable<Buffer>, file: string): AsyncGenerator<SourceRecord> {
  let skippedBytes = 0;
  for await (const { number, bytes, fileBytes } of readLines(input, LARGEST_BODY)) {
    const isMarked = number === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    const body = isMarked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
    skippedBytes += fileBytes;
    if (isBlank(body)) continue;
    yield { file, line: number, fileBytes: skippedBytes, body: () => body };
    skippedBytes = 0;
  }
}

const BLANK_BYTES: ReadonlySet<number> = new Set(Buffer.from(" \t\r"));
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => BLANK_BYTES.has(byte));
