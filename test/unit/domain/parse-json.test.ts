import { expect, it } from "vitest";
import { parseJson } from "../../../shared/domain/parse-json.ts";

it.each([
  { seen: String.raw`{"\\":""}`, text: String.raw`{"":"","\"":"","a":""}` },
  { seen: String.raw`{"a":"","\\":""}`, text: String.raw`{"a":"","\"":""}` },
  { seen: String.raw`{"":"","\\":""}`, text: String.raw`{"\"":""}` },
])("reads the key of $text after $seen, which V8 may take for the same", ({ seen, text }) => {
  for (let time = 0; time < 5; time++) parseJson(seen);
  const value = parseJson(text);
  expect(JSON.stringify(value)).toBe(text);
});

it("refuses what is no JSON, comments and trailing commas included", () => {
  for (const text of ["", "{", String.raw`{"a":"\\",}`, String.raw`/* */ "\\"`]) {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  }
});
