import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodedBytes } from "../../../shared/amqp/encoded-bytes.ts";

/** amqplib's own, which its package does not offer: what it throws at is what must not be written. */
const codec: {
  encodeTable(buffer: Buffer, table: object, offset: number): number;
  decodeFields(fields: Buffer): Record<string, unknown>;
} = createRequire(import.meta.url)("../../../node_modules/amqplib/lib/codec.js");

function writtenBytes(value: unknown): number {
  return codec.encodeTable(Buffer.alloc(1 << 20), { h: value }, 0);
}

function canBeWritten(value: unknown): boolean {
  try {
    writtenBytes(value);
    return true;
  } catch {
    return false;
  }
}

/** A table with a given key, as it comes from the wire; an object literal treats `__proto__` differently. */
function fromWire(field: Buffer): unknown {
  return codec.decodeFields(field);
}

describe("encodedBytes", () => {
  it.each([
    ["text", "…"],
    ["a whole number", 7],
    ["a fraction", 0.5],
    ["2^63", 2 ** 63],
    ["-2^63", -(2 ** 63)],
    ["infinity", Infinity],
    ["nothing", null],
    ["a truth", true],
    ["bytes", Buffer.from([1, 2])],
    ["a list", [1, "a", [null]]],
    ["a table", { a: { b: [1] } }],
    ["a timestamp", { "!": "timestamp", value: 1_700_000_000 }],
    ["a decimal", { "!": "decimal", value: { places: 2, digits: 12_850 } }],
  ])("allows for at least what %s takes", (_, value) => {
    expect(encodedBytes({ h: value })).toBeGreaterThanOrEqual(writtenBytes(value));
  });

  it.each([
    ["not a number", NaN],
    ["minus infinity", -Infinity],
    ["less than -2^63", -1e300],
    ["a fraction beyond 2^50", 2 ** 51 + 0.5],
    ["a forged type", { "!": "sandwich", value: 1 }],
    ["a timestamp beyond 64 bits", { "!": "timestamp", value: 2 ** 64 }],
    ["a timestamp of text", { "!": "timestamp", value: "soon" }],
    ["a decimal of nothing", { "!": "decimal", value: {} }],
    ["a name that has grown beyond 255 bytes", { ["\uFFFD".repeat(86)]: 1 }],
  ])("refuses %s, which amqplib cannot write", (_, value) => {
    expect(canBeWritten(value)).toBe(false);
    expect(encodedBytes(value)).toBeUndefined();
  });

  it("refuses what is nested too deeply", () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 100; depth++) value = [value];
    expect(encodedBytes(value)).toBeUndefined();
  });

  it("refuses a table whose prototype came over the wire", () => {
    const empty = Buffer.alloc(4);
    const field = Buffer.concat([Buffer.from([9]), Buffer.from("__proto__F"), empty]);
    expect(encodedBytes(fromWire(field))).toBeUndefined();
  });

  it("never promises what amqplib then refuses", () => {
    const scalar = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
    );
    const name = fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom("!", "value", "places", "digits"));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        scalar,
        fc.constantFrom(null, undefined, "timestamp", "decimal", "double"),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(name, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const bytes = encodedBytes({ h: value });
        fc.pre(bytes !== undefined);
        expect(bytes).toBeGreaterThanOrEqual(writtenBytes(value));
      }),
      { numRuns: 2_000 },
    );
  });
});
