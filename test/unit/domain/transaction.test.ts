import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { identityOf, parseTransaction, transactionSchema } from "../../../shared/domain/transaction.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parseValue = (value: unknown) => parseTransaction(bytes(JSON.stringify(value)));

/** Marks what must never show up in a problem. */
const SECRET = "5ecre7";

const EXAMPLE = {
  schemaVersion: 1,
  transactionId: "T202611230000001",
  rail: "alipay",
  userId: `2088${SECRET}5135`,
  merchantId: "store-17",
  merchantCategoryCode: "5411",
  amount: { value: "128.50", currency: "CNY" },
  deviceFingerprint: `9f86d081884c7d65${SECRET}`,
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  occurredAt: "2026-11-23T08:00:00+08:00",
  decideBy: "2026-11-23T08:00:02+08:00",
  metadata: { channel: "app" },
};
const TEXT = JSON.stringify(EXAMPLE);

const without = (field: keyof typeof EXAMPLE) =>
  Object.fromEntries(Object.entries(EXAMPLE).filter(([key]) => key !== field));

const parseExample = (changes: object = {}) => {
  const result = parseValue({ ...EXAMPLE, ...changes });
  if (!result.ok) throw new Error(result.problem);
  return result.value;
};

describe("a good transaction", () => {
  it("is read", () => {
    expect(parseTransaction(bytes(TEXT))).toEqual({
      ok: true,
      value: {
        transactionId: "T202611230000001",
        rail: "alipay",
        userId: EXAMPLE.userId,
        merchantId: "store-17",
        merchantCategoryCode: "5411",
        amount: { value: "128.50", currency: "CNY", minorUnits: 12_850 },
        deviceFingerprint: EXAMPLE.deviceFingerprint,
        geolocation: { latitude: 31.2304, longitude: 121.4737 },
        occurredAtMs: Date.UTC(2026, 10, 23),
        decideByMs: Date.UTC(2026, 10, 23, 0, 0, 2),
        metadata: { channel: "app" },
      },
    });
  });

  it.each([
    { what: "the shortest id", changes: { transactionId: "-" } },
    { what: "the longest id", changes: { transactionId: "aZ0._-".padEnd(64, "x") } },
    { what: "an id that objects inherit", changes: { transactionId: "__proto__" } },
    { what: "another rail", changes: { rail: "wechat-pay2" } },
    { what: "64 characters outside the basic plane", changes: { userId: "𠮷".repeat(64) } },
    { what: "a leading zero in the category", changes: { merchantCategoryCode: "0742" } },
    { what: "yen", changes: { amount: { value: "100", currency: "JPY" } } },
    { what: "the shortest fingerprint", changes: { deviceFingerprint: "f".repeat(16) } },
    { what: "the longest fingerprint", changes: { deviceFingerprint: "f".repeat(128) } },
    { what: "a pole", changes: { geolocation: { latitude: -90, longitude: 180 } } },
    { what: "the other pole", changes: { geolocation: { latitude: 90, longitude: -180 } } },
    { what: "the shortest notice", changes: { decideBy: "2026-11-23T00:00:00.001Z" } },
    { what: "the longest notice", changes: { decideBy: "2026-11-24T00:00:00Z" } },
    { what: "no metadata in it", changes: { metadata: {} } },
    { what: "keys that objects inherit in it", changes: { metadata: { constructor: "x", toString: "y" } } },
    {
      what: "as much metadata as allowed",
      changes: {
        metadata: Object.fromEntries(
          Array.from({ length: 16 }, (_, i) => [`${i}`.padEnd(64, "k"), "𠮷".repeat(256)]),
        ),
      },
    },
  ])("may have $what", ({ changes }) => {
    expect(parseValue({ ...EXAMPLE, ...changes })).toMatchObject({ ok: true });
  });

  it.each(["merchantId", "decideBy", "metadata"] as const)("may lack %s", (field) => {
    expect(parseValue(without(field))).toMatchObject({ ok: true });
  });

  it("brings its metadata back as it came", () => {
    const metadata = { constructor: "x", "": "", "line\nbreak": "\u0000😀", "7": "7" };
    expect(parseExample({ metadata }).metadata).toEqual(metadata);
  });

  it("may hold 65,536 bytes, whitespace included", () => {
    expect(parseTransaction(bytes(TEXT.padEnd(65_536)))).toMatchObject({ ok: true });
    expect(parseTransaction(bytes(TEXT.padEnd(65_537)))).toMatchObject({ ok: false });
  });
});

describe("a body is refused", () => {
  it.each([
    { what: "empty", body: "", problem: "body is empty" },
    { what: "a NUL byte", body: "\0", problem: "body has NUL bytes" },
    { what: "65,537 bytes", body: TEXT.padEnd(65_537), problem: "body is larger than 65536 bytes" },
    { what: "30,000 arrays", body: "[".repeat(30_000) + "]".repeat(30_000), problem: "body nests deeper" },
    { what: "30,000 open arrays", body: "[".repeat(30_000), problem: "body is not valid JSON" },
    { what: "100,000 arrays", body: "[".repeat(100_000), problem: "body is larger than" },
    {
      what: "5,000 keys",
      body: JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 1]))),
      problem: "body has more than 66 keys",
    },
    { what: "truncated", body: TEXT.slice(0, -10), problem: "body is not valid JSON" },
    { what: "an array", body: `[${TEXT}]`, problem: "body must be a JSON object" },
    { what: "a text", body: '"T1"', problem: "body must be a JSON object" },
    { what: "null", body: "null", problem: "body must be a JSON object" },
    { what: "a BOM", body: `\uFEFF${TEXT}`, problem: "body begins with a byte order mark" },
    { what: "UTF-16", body: Buffer.from(`\uFEFF${TEXT}`, "utf16le"), problem: "body is UTF-16" },
    { what: "Latin-1", body: Buffer.from(TEXT.replace("app", "é"), "latin1"), problem: "body is not UTF-8" },
    {
      what: "half a character",
      body: TEXT.replace("app", "\\ud83d"),
      problem: '"metadata" has half a character',
    },
    { what: "__proto__", body: TEXT.replace("{", '{"__proto__":{},'), problem: 'the key "__proto__"' },
    {
      what: "__proto__ in metadata",
      body: TEXT.replace('"channel"', '"__proto__"'),
      problem: '"metadata" has the key "__proto__"',
    },
    {
      what: "two amounts",
      body: TEXT.replace("{", '{"amount":{"value":"1.00","currency":"CNY"},'),
      problem: 'body has the key "amount" twice',
    },
    {
      what: "two values in the amount",
      body: TEXT.replace('"currency"', '"value":"1.00","currency"'),
      problem: '"amount" has the same key twice',
    },
    {
      what: "a latitude of 1e400",
      body: TEXT.replace("31.2304", "1e400"),
      problem: '"geolocation" has a number',
    },
  ])("$what", ({ body, problem }) => {
    const result = parseTransaction(typeof body === "string" ? bytes(body) : body);
    expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

const VALUE = "amount.value must be";
const ID = "transactionId must be 1 to 64 of A-Z a-z 0-9 . _ -";
const LATITUDE = "geolocation.latitude must be a number from -90 to 90";
const METADATA = "metadata must be at most 16 texts";

interface BrokenRule {
  readonly changes: object;
  readonly problem: string;
}

describe("a field is refused", () => {
  it.each<BrokenRule>([
    { changes: { schemaVersion: 2 }, problem: "schemaVersion must be 1" },
    { changes: { schemaVersion: "1" }, problem: "schemaVersion must be 1" },
    { changes: { transactionId: "" }, problem: ID },
    { changes: { transactionId: "T1\n" }, problem: ID },
    { changes: { transactionId: "T:1" }, problem: ID },
    { changes: { transactionId: "T*" }, problem: ID },
    { changes: { transactionId: "x".repeat(65) }, problem: ID },
    { changes: { transactionId: 1 }, problem: ID },
    { changes: { rail: "Alipay" }, problem: "rail must be a lower-case name" },
    { changes: { rail: "" }, problem: "rail must be a lower-case name" },
    { changes: { rail: "x".repeat(33) }, problem: "rail must be a lower-case name" },
    { changes: { userId: "" }, problem: "userId must be 1 to 64 printable characters" },
    { changes: { userId: "𠮷".repeat(65) }, problem: "userId must be 1 to 64 printable characters" },
    { changes: { userId: `${SECRET}\u0007` }, problem: "userId must be 1 to 64 printable characters" },
    { changes: { userId: `${SECRET}\u202e` }, problem: "userId must be 1 to 64 printable characters" },
    { changes: { userId: 2088102146225135 }, problem: "userId must be 1 to 64 printable characters" },
    { changes: { merchantId: "" }, problem: "merchantId must be 1 to 64 printable characters" },
    { changes: { merchantId: null }, problem: "merchantId must be 1 to 64 printable characters" },
    { changes: { merchantCategoryCode: 742 }, problem: "merchantCategoryCode must be four digits, as text" },
    {
      changes: { merchantCategoryCode: "742" },
      problem: "merchantCategoryCode must be four digits, as text",
    },
    {
      changes: { merchantCategoryCode: "٥٤١١" },
      problem: "merchantCategoryCode must be four digits, as text",
    },
    {
      changes: { merchantCategoryCode: "5411\n" },
      problem: "merchantCategoryCode must be four digits, as text",
    },
    { changes: { amount: "128.50" }, problem: "amount must be an object with value and currency" },
    { changes: { amount: { value: 128.5, currency: "CNY" } }, problem: "amount.value must be text" },
    { changes: { amount: { value: "128.50" } }, problem: "amount.currency is missing" },
    ...["-1", "1e3", "0x10", "1,000.00", " 5 ", "00012.00", "+5", "1.", ".5", "١٢", "0", "100000000.01"].map(
      (value) => ({
        changes: { amount: { value, currency: "CNY" } },
        problem: VALUE,
      }),
    ),
    { changes: { amount: { value: "9".repeat(5_000), currency: "CNY" } }, problem: VALUE },
    {
      changes: { amount: { value: "0.001", currency: "CNY" } },
      problem: "amount.value must have at most 2 decimals",
    },
    {
      changes: { amount: { value: "1.5", currency: "JPY" } },
      problem: "amount.value must have at most 0 decimals",
    },
    {
      changes: { amount: { value: "5", currency: "cny" } },
      problem: "amount.currency must be an ISO 4217 code",
    },
    {
      changes: { amount: { value: "5", currency: "ABC" } },
      problem: "amount.currency must be an ISO 4217 code",
    },
    {
      changes: { deviceFingerprint: "f".repeat(15) },
      problem: "deviceFingerprint must be 16 to 128 printable",
    },
    {
      changes: { deviceFingerprint: "f".repeat(129) },
      problem: "deviceFingerprint must be 16 to 128 printable",
    },
    { changes: { geolocation: null }, problem: "geolocation must be an object" },
    { changes: { geolocation: { latitude: 91, longitude: 0 } }, problem: LATITUDE },
    { changes: { geolocation: { latitude: "31", longitude: 0 } }, problem: LATITUDE },
    {
      changes: { geolocation: { latitude: 0, longitude: -180.5 } },
      problem: "geolocation.longitude must be a number",
    },
    {
      changes: { occurredAt: "2026-02-30T00:00:00Z" },
      problem: "occurredAt is a date or time that does not exist",
    },
    { changes: { occurredAt: "2026-11-23T08:00:00" }, problem: "occurredAt must be an ISO 8601 date" },
    { changes: { occurredAt: 1795392000 }, problem: "occurredAt must be text" },
    { changes: { decideBy: "soon" }, problem: "decideBy must be an ISO 8601 date" },
    { changes: { decideBy: null }, problem: "decideBy must be text" },
    { changes: { decideBy: "2026-11-23T00:00:00Z" }, problem: "decideBy must be later than occurredAt" },
    { changes: { decideBy: "2026-11-24T00:00:00.001Z" }, problem: "decideBy must be at most 24 hours after" },
    { changes: { metadata: null }, problem: METADATA },
    { changes: { metadata: ["app"] }, problem: METADATA },
    { changes: { metadata: { [SECRET]: 1 } }, problem: METADATA },
    { changes: { metadata: { [SECRET]: null, [`${SECRET}2`]: null } }, problem: METADATA },
    { changes: { metadata: { [SECRET]: { deep: "x" } } }, problem: METADATA },
    { changes: { metadata: { a: SECRET.padEnd(257, "x") } }, problem: METADATA },
    { changes: { metadata: { [SECRET.padEnd(65, "k")]: "x" } }, problem: METADATA },
    {
      changes: { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`${SECRET}${i}`, "x"])) },
      problem: METADATA,
    },
    { changes: { merchantID: "store-17" }, problem: 'unknown field "merchantID"' },
    { changes: { constructor: 1 }, problem: 'unknown field "constructor"' },
    { changes: { "a\nb": 1 }, problem: String.raw`unknown field "a\u{a}b"` },
    {
      changes: { amount: { value: "5", currency: "CNY", tip: "1" } },
      problem: 'unknown field "tip" in amount',
    },
  ])("$problem: $changes", ({ changes, problem }) => {
    const result = parseValue({ ...EXAMPLE, ...changes });
    expect(result.ok ? "" : result.problem).toSatisfy(
      (line: string) => line.startsWith(problem) && !line.includes(";"),
    );
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it.each([
    "schemaVersion",
    "transactionId",
    "rail",
    "userId",
    "merchantCategoryCode",
    "amount",
    "deviceFingerprint",
    "geolocation",
    "occurredAt",
  ] as const)("%s is missing", (field) => {
    expect(parseValue(without(field))).toEqual({ ok: false, problem: `${field} is missing` });
  });

  it("together with the others that are wrong, as far as one line holds", () => {
    expect(parseValue({ ...EXAMPLE, merchantCategoryCode: "742", rail: "" })).toEqual({
      ok: false,
      problem:
        'rail must be a lower-case name, such as "alipay"; merchantCategoryCode must be four digits, as text',
    });
    const unknown = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`unknown${i}`, 1]));
    expect(parseValue({ ...EXAMPLE, ...unknown })).toEqual({
      ok: false,
      problem: expect.stringMatching(/^.{299}…$/),
    });
  });
});

describe("identityOf", () => {
  const identity = identityOf(parseExample());

  it.each([
    { what: "another deadline", changes: { decideBy: "2026-11-23T08:00:09+08:00" } },
    { what: "no deadline", changes: { decideBy: undefined } },
    { what: "other metadata", changes: { metadata: { channel: "web" } } },
    { what: "the amount without its last zero", changes: { amount: { value: "128.5", currency: "CNY" } } },
    { what: "the same moment elsewhere", changes: { occurredAt: "2026-11-23T00:00:00.000Z" } },
  ])("is the same with $what", ({ changes }) => {
    expect(identityOf(parseExample(changes))).toBe(identity);
  });

  it("is the same in another order of fields and with numbers spelt otherwise", () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(EXAMPLE).toReversed()));
    const result = parseTransaction(bytes(reversed.replace("31.2304", "3.12304e1")));
    expect(result.ok && identityOf(result.value)).toBe(identity);
  });

  it.each([
    { transactionId: "T2" },
    { rail: "wechat" },
    { userId: "2" },
    { merchantId: "store-18" },
    { merchantId: undefined },
    { merchantId: "null" },
    { merchantCategoryCode: "5412" },
    { amount: { value: "128.51", currency: "CNY" } },
    { amount: { value: "128.50", currency: "USD" } },
    { deviceFingerprint: "0".repeat(16) },
    { geolocation: { latitude: 31.2305, longitude: 121.4737 } },
    { geolocation: { latitude: 31.2304, longitude: 121.4738 } },
    { occurredAt: "2026-11-23T08:00:00.001+08:00" },
  ])("differs with %j", (changes) => {
    expect(identityOf(parseExample(changes))).not.toBe(identity);
  });

  it("tells no merchant from a merchant named null", () => {
    const absent = identityOf(parseExample({ merchantId: undefined }));
    expect(absent).not.toBe(identityOf(parseExample({ merchantId: "null" })));
  });

  it("keeps neighbouring fields apart", () => {
    const one = identityOf(parseExample({ userId: 'a","b', merchantId: "c" }));
    const other = identityOf(parseExample({ userId: "a", merchantId: 'b","c' }));
    expect(one).not.toBe(other);
  });
});

describe("the JSON Schema made of it", () => {
  it("says what a producer's validator can check", () => {
    expect(z.toJSONSchema(transactionSchema)).toMatchObject({
      additionalProperties: false,
      required: expect.not.arrayContaining(["merchantId"]),
      properties: {
        schemaVersion: { const: 1 },
        merchantCategoryCode: { pattern: "^[0-9]{4}$" },
        amount: { additionalProperties: false, properties: { currency: { pattern: "^[A-Z]{3}$" } } },
        occurredAt: { format: "date-time" },
        metadata: { maxProperties: 16 },
      },
    });
  });
});

describe("properties", () => {
  const printable = (minLength: number, maxLength: number) =>
    fc.string({
      unit: fc.constantFrom("a", "Z", "7", " ", '"', "\\", "é", "李", "😀"),
      minLength,
      maxLength,
    });
  const idCharacter = fc.constantFrom(..."ABCXYZabcxyz0189._-");
  const required = fc.record({
    schemaVersion: fc.constant(1),
    transactionId: fc.string({ unit: idCharacter, minLength: 1, maxLength: 64 }),
    rail: fc.constantFrom("alipay", "wechat-pay", "x9"),
    userId: printable(1, 64),
    merchantCategoryCode: fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 4, maxLength: 4 }),
    amount: fc.record({
      value: fc.integer({ min: 1, max: 10_000_000_000 }).map((fen) => (fen / 100).toFixed(2)),
      currency: fc.constantFrom("CNY", "USD"),
    }),
    deviceFingerprint: printable(16, 128),
    geolocation: fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
    occurredAt: fc.constantFrom("2026-11-23T08:00:00+08:00", "2026-11-23T00:00:00.123Z"),
  });
  const optional = fc.record(
    {
      merchantId: printable(1, 64),
      decideBy: fc.constantFrom("2026-11-23T08:00:02+08:00", "2026-11-23T23:59:59Z"),
      metadata: fc.dictionary(printable(0, 64), printable(0, 256), { maxKeys: 16 }),
    },
    { requiredKeys: [] },
  );
  // oxlint-disable-next-line oxc/no-map-spread -- maps one value, not an array
  const written = fc.tuple(required, optional).map(([needed, extra]) => ({ ...needed, ...extra }));

  it("every transaction within the rules is read, and read as it was written", () => {
    fc.assert(
      fc.property(written, (wire) => {
        const result = parseValue(wire);
        expect(result).toMatchObject({ ok: true });
        if (!result.ok) return;
        const { amount, geolocation, transactionId, userId, deviceFingerprint, metadata } = result.value;
        expect({ transactionId, userId, deviceFingerprint }).toEqual({
          transactionId: wire.transactionId,
          userId: wire.userId,
          deviceFingerprint: wire.deviceFingerprint,
        });
        expect(amount.value).toBe(wire.amount.value);
        expect(JSON.stringify(geolocation)).toBe(JSON.stringify(wire.geolocation));
        expect(metadata).toEqual(wire.metadata);
      }),
    );
  });

  const problemOf = (result: ReturnType<typeof parseTransaction>) => (result.ok ? "none" : result.problem);
  const expectOneLine = (problem: string) => expect(problem).toMatch(/^[ -~…]{1,300}$/);
  const expectDiscreetLine = (problem: string) => {
    expectOneLine(problem);
    expect(problem).not.toContain(SECRET);
  };

  it("any bytes give a transaction or one printable line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (body) =>
        expectDiscreetLine(problemOf(parseTransaction(body))),
      ),
    );
  });

  it("any JSON gives a transaction or one printable line", () => {
    fc.assert(fc.property(fc.json(), (text) => expectDiscreetLine(problemOf(parseTransaction(bytes(text))))));
  });

  it("any damage to a good body gives a transaction or one printable line", () => {
    const damage = fc.record({
      from: fc.nat(TEXT.length),
      length: fc.nat(12),
      filling: fc.oneof(fc.json(), fc.string(), fc.constantFrom(...'{}[]:,"\\0-')),
    });
    fc.assert(
      fc.property(damage, ({ from, length, filling }) => {
        const body = TEXT.slice(0, from) + filling + TEXT.slice(from + length);
        // Damage may cut a field's name out of its value: a key made of data is then all there is to name.
        expectOneLine(problemOf(parseTransaction(bytes(body))));
      }),
      { numRuns: 1_000 },
    );
  });

  it("any value in any field gives a transaction or a line without that value", () => {
    const field = fc.constantFrom(...Object.keys(EXAMPLE));
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(SECRET, [SECRET], { x: SECRET }, `${SECRET}\n`));
    fc.assert(
      fc.property(field, value, (name, replacement) =>
        expectDiscreetLine(problemOf(parseValue({ ...EXAMPLE, [name]: replacement }))),
      ),
      { numRuns: 1_000 },
    );
  });
});
