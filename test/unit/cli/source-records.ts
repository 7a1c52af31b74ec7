import type { SourceRecord } from "../../../scripts/cli/publish/source-record.ts";

/** Records of a file that has one body in each line. */
export async function* recordsOf(bodies: readonly (string | Error)[]): AsyncGenerator<SourceRecord> {
  for (const [index, body] of bodies.entries()) {
    yield {
      file: "payments.ndjson",
      line: index + 1,
      fileBytes: 1,
      body: () => {
        if (body instanceof Error) throw body;
        return Buffer.from(body);
      },
    };
  }
}
