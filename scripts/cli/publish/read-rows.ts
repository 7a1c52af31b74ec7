import { pipeline, type Readable } from "node:stream";
import { parse } from "csv-parse";
import { z } from "zod";
import type { MapRow } from "./map-row.ts";
import type { SourceRecord } from "./source-record.ts";
import { toJson } from "./to-json.ts";

const rowSchema = z.object({
  record: z.record(z.string(), z.string()),
  /** Counted up to the end of the row. */
  info: z.object({ lines: z.number(), bytes: z.number() }),
});

/** Reads a CSV file (RFC 4180, the first row names the columns). A row that is no CSV ends it with an error. */
export async function* readRows(input: Readable, file: string, mapRow: MapRow): AsyncGenerator<SourceRecord> {
  const parser = parse({ bom: true, columns: true, info: true, skip_empty_lines: true });
  // Errors of either come out of the parser.
  const rows = pipeline(input, parser, () => undefined);
  let bytesBefore = 0;
  try {
    for await (const parsed of rows) {
      const { record, info } = rowSchema.parse(parsed);
      const fileBytes = info.bytes - bytesBefore;
      bytesBefore = info.bytes;
      yield { file, line: info.lines, fileBytes, body: () => mapped(record, info.lines, file, mapRow) };
    }
  } catch (error) {
    throw isCsvError(error) ? new Error(`${file}: ${error.message}`, { cause: error }) : error;
  }
}

function mapped(row: Readonly<Record<string, string>>, line: number, file: string, mapRow: MapRow): Buffer {
  try {
    return Buffer.from(toJson(mapRow(row, line)));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} line ${line}: the mapping failed: ${said}`, { cause: error });
  }
}

function isCsvError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^(CSV|INVALID)_/.test(String(error.code));
}
