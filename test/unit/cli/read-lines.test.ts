import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { readLines, type Line } from "../../../scripts/cli/publish/read-lines.ts";

async function linesOf(chunks: readonly (string | Buffer)[], longest = 1_000): Promise<Line[]> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  return collect(readLines(bytes(), longest));
}

const textsOf = async (...chunks: string[]) => (await linesOf(chunks)).map(({ bytes }) => bytes.toString());

describe("lines of a file", () => {
  it.each([
    { title: "nothing", chunks: [], lines: [] },
    { title: "a last line without a line feed", chunks: ["a\nb"], lines: ["a", "b"] },
    { title: "a line feed at the end, which begins no line", chunks: ["a\nb\n"], lines: ["a", "b"] },
    { title: "empty lines, which are lines", chunks: ["\n\na\n\n"], lines: ["", "", "a", ""] },
    { title: "carriage returns, which stay", chunks: ["a\r\nb\r\n"], lines: ["a\r", "b\r"] },
    { title: "a line over several chunks", chunks: ["a", "b", "c\nd", "\n"], lines: ["abc", "d"] },
    { title: "a byte order mark, which stays", chunks: ["\uFEFFa\n"], lines: ["\uFEFFa"] },
  ])("$title", async ({ chunks, lines }) => {
    expect(await textsOf(...chunks)).toEqual(lines);
  });

  it("keeps every byte, however it is cut into chunks", async () => {
    const line = fc
      .uint8Array({ maxLength: 20 })
      .map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte)));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (written, size) => {
        const file = Buffer.concat(written.flatMap((bytes) => [bytes, Buffer.from("\n")]));
        const chunks = Array.from({ length: Math.ceil(file.length / size) }, (_, i) =>
          file.subarray(i * size, (i + 1) * size),
        );
        const lines = await linesOf(chunks);
        expect(lines.map(({ bytes }) => [...bytes])).toEqual(written.map((bytes) => [...bytes]));
        expect(lines.map(({ number }) => number)).toEqual(written.map((_, index) => index + 1));
        expect(lines.reduce((sum, { fileBytes }) => sum + fileBytes, 0)).toBe(file.length);
      }),
    );
  });

  it("keeps one byte more than the longest that is allowed, and counts them all", async () => {
    const [long, next] = await linesOf(["x".repeat(7), "x".repeat(7), "\nshort"], 10);
    expect(long).toMatchObject({ bytes: Buffer.from("x".repeat(11)), fileBytes: 15 });
    expect(next).toMatchObject({ number: 2, bytes: Buffer.from("short") });
  });
});
