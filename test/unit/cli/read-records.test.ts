import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readRecords } from "../../../scripts/cli/publish/read-records.ts";

async function recordsIn(text: string) {
  const bytes = Buffer.from(text);
  const open = () => Readable.from([bytes]);
  const source = { file: "payments.ndjson", bytes: bytes.length, format: "ndjson", open } as const;
  const records = [];
  for await (const { line, fileBytes, body } of readRecords([source], new AbortController().signal)) {
    records.push({ line, fileBytes, body: body().toString() });
  }
  return records;
}

it("takes lines as they are", async () => {
  expect(await recordsIn('{"a": 1}\n not json \n')).toEqual([
    { line: 1, fileBytes: 9, body: '{"a": 1}' },
    { line: 2, fileBytes: 11, body: " not json " },
  ]);
});

it("leaves blank lines out, and counts them", async () => {
  expect(await recordsIn("\n{}\n \t\r\n[]\n\n")).toEqual([
    { line: 2, fileBytes: 4, body: "{}" },
    { line: 4, fileBytes: 7, body: "[]" },
  ]);
});

it("leaves a byte order mark out, at the start only", async () => {
  expect(await recordsIn("\ufeff{}\n\ufeff[]\n")).toEqual([
    { line: 1, fileBytes: 6, body: "{}" },
    { line: 2, fileBytes: 6, body: "\ufeff[]" },
  ]);
});
