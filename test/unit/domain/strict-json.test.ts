import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson, quoteKey } from "../../../shared/domain/strict-json.ts";

const BOUNDS = { bytes: 65_536, depth: 8, keys: 66 };
const ROOMY = { bytes: 1_000_000, depth: 100, keys: 10_000 };

const bytes = (text: string) => new TextEncoder().encode(text);
const parseText = (text: string) => parseStrictJson(bytes(text), BOUNDS);
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const withKeys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(",")}}`;

describe("a body is refused", () => {
  it.each([
    { what: "nothing", body: bytes(""), problem: "body is empty" },
    { what: "a NUL byte", body: Uint8Array.of(0), problem: "body has NUL bytes" },
    { what: "a byte too many", body: bytes(`"${"x".repeat(65_535)}"`), problem: "larger than 65536 bytes" },
    { what: "a BOM", body: bytes("\uFEFF{}"), problem: "byte order mark" },
    { what: "UTF-16 with a mark", body: utf16("\uFEFF{}"), problem: "is UTF-16" },
    { what: "UTF-16 the other way round", body: utf16("\uFEFF{}").swap16(), problem: "is UTF-16" },
    { what: "UTF-16 without a mark", body: utf16("{}"), problem: "NUL bytes" },
    { what: "a cut character", body: Uint8Array.of(0x22, 0xc3, 0x22), problem: "body is not UTF-8" },
    { what: "an overlong slash", body: Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), problem: "body is not UTF-8" },
    { what: "a surrogate in UTF-8", body: Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), problem: "not UTF-8" },
  ])("$what", ({ body, problem }) => {
    expect(parseStrictJson(body, BOUNDS)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  it.each([
    { text: "{", problem: "body is not valid JSON" },
    { text: '{"a":1,}', problem: "body is not valid JSON" },
    { text: "{} {}", problem: "body is not valid JSON" },
    { text: "// note\n{}", problem: "body is not valid JSON" },
    { text: "NaN", problem: "body is not valid JSON" },
    { text: '{"a":1,"a":2}', problem: 'body has the key "a" twice' },
    { text: '{"a":1,"a":1}', problem: 'body has the key "a" twice' },
    { text: '{"amount":1,"\\u0061mount":1}', problem: 'body has the key "amount" twice' },
    { text: '{"":1,"":1}', problem: 'body has the key "" twice' },
    { text: '{"constructor":1,"constructor":1}', problem: 'body has the key "constructor" twice' },
    { text: '{"a":{"x":1,"y":{},"x":1}}', problem: '"a" has the same key twice' },
    { text: '[{"x":1,"x":1}]', problem: "body has the same key twice" },
    { text: '{"a":{"x":1,"x":2},"a":{}}', problem: '"a" has the same key twice' },
    { text: '{"__proto__":{"admin":true}}', problem: 'body has the key "__proto__"' },
    { text: '{"a":1,"\\u005f_proto__":1}', problem: 'body has the key "__proto__"' },
    { text: '{"metadata":{"__proto__":"x"}}', problem: '"metadata" has the key "__proto__"' },
    { text: '{"a":"\\ud800"}', problem: '"a" has half a character' },
    { text: '{"a":1,"\\udc00":1}', problem: "body has half a character" },
    { text: '{"a":{"\\ud83d":1}}', problem: '"a" has half a character' },
    { text: '{"a":1e400}', problem: '"a" has a number too large' },
    { text: '{"a":{"b":[-1e400]}}', problem: '"a" has a number too large' },
    { text: '{"a":9007199254740993}', problem: '"a" has a number too large' },
    { text: nested(9), problem: "body nests deeper than 8 levels" },
    { text: nested(30_000), problem: "body nests deeper than 8 levels" },
    { text: nested(100_000), problem: "body is larger than 65536 bytes" },
    { text: `{"a":${nested(30_000)},"a":1}`, problem: "body nests deeper than 8 levels" },
    { text: withKeys(67), problem: "body has more than 66 keys" },
    { text: withKeys(5_000), problem: "body has more than 66 keys" },
  ])("$problem: $text", ({ text, problem }) => {
    expect(parseText(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

describe("a body is read", () => {
  it.each([
    { what: "at the size bound", text: `"${"x".repeat(65_534)}"` },
    { what: "at the depth bound", text: nested(8) },
    { what: "wide but not deep", text: `[${"[],".repeat(1_000)}[]]` },
    { what: "at the key bound", text: withKeys(66) },
    {
      what: "with the same key in different objects",
      text: '{"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":1}]}',
    },
    { what: "with a key that is also a value", text: '{"a":"b","b":"a","c":["c","c"]}' },
    { what: "with keys that objects inherit", text: '{"constructor":1,"toString":2,"hasOwnProperty":3}' },
    { what: "with punctuation inside texts", text: '{"a":"{[\\"a\\":1,","b":"}]"}' },
    { what: "with whitespace all over", text: ' \n{\t"a" :\r\n[ 1 , 2 ]\n} ' },
    { what: "with a pair of surrogates", text: '{"a":"\\ud83d\\ude00"}' },
    { what: "with the largest whole numbers", text: "[9007199254740991,-9007199254740991,1e-400]" },
    { what: "with literals", text: "[true,false,null]" },
  ])("$what", ({ text }) => {
    expect(parseText(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it("leaves no prototype changed", () => {
    expect(parseText('{"constructor":{"prototype":{"admin":true}}}')).toMatchObject({ ok: true });
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });
});

/** Some characters of a key in their escaped spelling. */
const spell = (key: string, escaped: readonly boolean[]) =>
  `"${[...key]
    .map((character, i) => {
      const mustEscape = escaped[i % escaped.length] === true || /["\\]/.test(character);
      return mustEscape ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : character;
    })
    .join("")}"`;

describe("properties", () => {
  it("what JSON.stringify writes is read back", () => {
    const json = fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(json, (text) => {
        const isProblematic = text.includes("__proto__") || /e\+|\d{16}/.test(text);
        fc.pre(!isProblematic);
        expect(parseStrictJson(bytes(text), ROOMY)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it("a key given twice is found however it is spelt, and nothing else is", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", "é"), maxLength: 3 });
    const member = fc.record({ key, escaped: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), (members) => {
        const text = `{${members.map((m) => `${spell(m.key, m.escaped)}:"x"`).join(",")}}`;
        const isUnique = new Set(members.map((m) => m.key)).size === members.length;
        expect(parseText(text).ok).toBe(isUnique);
      }),
    );
  });

  it("what is told without reading each token is what reading them tells", () => {
    const space = fc.constantFrom("", " ", "\n\t", "\r\n ");
    const spaced = (text: fc.Arbitrary<string>) =>
      fc.tuple(space, text, space).map((parts) => parts.join(""));
    const name = fc.constantFrom('"a"', '"b"', '":"', '"{,"', '"__proto__"');
    const { value } = fc.letrec<{ value: string }>((tie) => {
      const member = fc.tuple(spaced(name), tie("value")).map(([key, inner]) => `${key}:${inner}`);
      return {
        value: spaced(
          fc.oneof(
            { maxDepth: 4 },
            fc.constantFrom("1", "-0.5e-3", "9007199254740993", "1e400", "true", "null"),
            name,
            fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
            fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(",")}}`),
          ),
        ),
      };
    });
    const bounds = { bytes: 10_000, depth: 4, keys: 6 };
    fc.assert(
      fc.property(value, (text) => {
        // An escape has each token read.
        const [plain, escaped] = ['"A"', '"\\u0041"'].map((last) =>
          parseStrictJson(bytes(`[${text},${last}]`), bounds),
        );
        expect(plain).toEqual(escaped);
      }),
      { numRuns: 1_000 },
    );
  });

  it("bytes of any kind are answered, never thrown at", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(parseStrictJson(body, BOUNDS)).toHaveProperty("ok");
      }),
    );
  });
});

describe("quoteKey", () => {
  it.each([
    { key: "merchantID", shown: '"merchantID"' },
    { key: "аmount", shown: String.raw`"\u{430}mount"` },
    { key: 'a"\\\n', shown: String.raw`"a\u{22}\u{5c}\u{a}"` },
    { key: "\u{1f600}\ud800", shown: String.raw`"\u{1f600}\u{d800}"` },
    { key: "x".repeat(64), shown: `"${"x".repeat(64)}"` },
    { key: "x".repeat(65), shown: `"${"x".repeat(64)}…"` },
  ])("shows $shown", ({ key, shown }) => {
    expect(quoteKey(key)).toBe(shown);
  });
});
