import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import type { MapRow } from "../../../scripts/cli/publish/map-row.ts";
import { readRows } from "../../../scripts/cli/publish/read-rows.ts";

const withLine: MapRow = (row, line) => ({ ...row, line });

async function bodiesOf(csv: string, mapRow = withLine): Promise<unknown[]> {
  const rows = await collect(readRows(Readable.from([Buffer.from(csv)]), "a.csv", mapRow));
  return rows.map(({ body }): unknown => JSON.parse(body().toString()));
}

describe("rows of a CSV file", () => {
  it.each([
    {
      title: "rows",
      csv: "a,b\n1,2\n3,4\n",
      rows: [
        { a: "1", b: "2", line: 2 },
        { a: "3", b: "4", line: 3 },
      ],
    },
    {
      title: "a byte order mark and line ends of Windows",
      csv: "\uFEFFa\r\n1\r\n",
      rows: [{ a: "1", line: 2 }],
    },
    {
      title: "a quoted comma, quote and line feed",
      csv: 'a,b\n"1,""\n",2\n',
      rows: [{ a: '1,"\n', b: "2", line: 3 }],
    },
    { title: "empty lines, which are no rows", csv: "a\n\n1\n\n", rows: [{ a: "1", line: 3 }] },
    { title: "a header only", csv: "a,b\n", rows: [] },
  ])("$title", async ({ csv, rows }) => {
    expect(await bodiesOf(csv)).toEqual(rows);
  });

  it("counts the bytes that rows take up, the header with the first", async () => {
    const csv = "a,b\n1,2\n33,44\n";
    const rows = await collect(readRows(Readable.from([Buffer.from(csv)]), "a.csv", withLine));
    expect(rows.reduce((sum, { fileBytes }) => sum + fileBytes, 0)).toBe(csv.length);
  });

  it.each([
    { title: "a row with a column too few", csv: "a,b\n1\n", problem: /^a\.csv: .* line 2$/ },
    { title: "a quote that is never closed", csv: 'a\n"1\n', problem: /^a\.csv: .* line 2$/ },
  ])("ends with an error at $title", async ({ csv, problem }) => {
    await expect(bodiesOf(csv)).rejects.toThrow(problem);
  });

  it("names the line where a mapping fails", async () => {
    const failing: MapRow = () => {
      throw new Error("no amount");
    };
    await expect(bodiesOf("a\n1\n", failing)).rejects.toThrow("a.csv line 2: the mapping failed: no amount");
  });

  it.each([
    { title: "undefined", given: () => undefined },
    { title: "a function", given: () => () => "T1" },
    { title: "a symbol", given: () => Symbol("T1") },
  ])("names the line where a mapping gives $title, which is not JSON", async ({ given }) => {
    await expect(bodiesOf("a\n1\n", given)).rejects.toThrow(
      "a.csv line 2: the mapping failed: it gave nothing that can be published",
    );
  });

  // Left alone, the rejected ones would end the process: the test run fails at an unhandled rejection.
  it.each([
    { title: "an async function", given: async () => ({}) },
    { title: "an async function that fails", given: () => Promise.reject(new Error("no amount")) },
    {
      title: "values to come",
      given: () => ({ a: Promise.resolve(1), b: [Promise.reject(new Error("2"))] }),
    },
  ])("names the line where a mapping is or gives $title", async ({ given }) => {
    await expect(bodiesOf("a\n1\n", given)).rejects.toThrow(
      "a.csv line 2: the mapping failed: it gave a promise",
    );
  });

  it("maps no row that nobody asks for", async () => {
    const never: MapRow = () => expect.unreachable();
    const rows = await collect(readRows(Readable.from([Buffer.from("a\n1\n")]), "a.csv", never));
    expect(rows).toHaveLength(1);
  });

  it("passes a file's error on", async () => {
    const broken = new Readable({ read: () => broken.destroy(new Error("disk")) });
    await expect(collect(readRows(broken, "a.csv", withLine))).rejects.toThrow("disk");
  });
});
