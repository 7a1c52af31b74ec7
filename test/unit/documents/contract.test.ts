import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contractFiles } from "../../../scripts/contract/contract-files.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { CURRENCY_DECIMALS } from "../../../shared/domain/money.ts";
import { parseTransaction, transactionSchema } from "../../../shared/domain/transaction.ts";
import { asyncApiValidator, readAsyncApi, validatorOf, type ChannelBinding } from "../../support/contract.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleBody } from "../../support/sample-transaction.ts";

const FOLDER = new URL("../../../docs/contract/", import.meta.url);
const files = contractFiles();

it.each(Object.entries(files))("docs/contract/%s is fresh (npm run contract)", async (name, text) => {
  await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(name, FOLDER)));
});

const schemaTakes = validatorOf(files["transaction.schema.json"]);
const parse = (body: unknown) => parseTransaction(Buffer.from(JSON.stringify(body)));

describe("the JSON Schema of a transaction", () => {
  it.each([
    { what: "the sample", changes: {} },
    { what: "all fields", changes: { decideBy: "2026-11-23T08:00:02+08:00" } },
    { what: "the least yen", changes: { amount: { value: "1", currency: "JPY" } } },
    { what: "the least dinar", changes: { amount: { value: "0.001", currency: "KWD" } } },
    { what: "the most", changes: { amount: { value: "100000000.00", currency: "CNY" } } },
    { what: "64 characters beyond the basic plane", changes: { userId: "𠮷".repeat(64) } },
    { what: "nanoseconds", changes: { occurredAt: "2026-11-23T00:00:00.123456789Z" } },
  ])("takes $what, as the parser does", ({ changes }) => {
    const body = sampleBody(changes);
    expect(parse(body)).toMatchObject({ ok: true });
    expect([schemaTakes(body), schemaTakes.errors]).toEqual([true, null]);
  });

  const amount = (value: unknown, currency: unknown = "CNY") => ({ amount: { value, currency } });
  it.each<Record<string, unknown>>([
    { schemaVersion: 2 },
    { schemaVersion: "1" },
    { schemaVersion: undefined },
    { transactionId: "" },
    { transactionId: "T:1" },
    { transactionId: "T1\n" },
    { transactionId: "T".repeat(65) },
    { rail: "Alipay" },
    { userId: "" },
    { userId: 2088 },
    { userId: "a\u0007" },
    { userId: "a\u202e" },
    { userId: "a\u2028" },
    { userId: "𠮷".repeat(65) },
    { merchantId: null },
    { merchantCategoryCode: 5411 },
    { merchantCategoryCode: "542" },
    { deviceFingerprint: "f".repeat(15) },
    { geolocation: { latitude: 91, longitude: 0 } },
    { geolocation: { latitude: 0 } },
    { occurredAt: "2026-11-23T08:00:00" },
    { occurredAt: "2026-11-23 08:00:00Z" },
    { occurredAt: "2026-02-30T00:00:00Z" },
    { occurredAt: "2026-11-23T08:00:00+15:00" },
    { decideBy: "soon" },
    { metadata: { a: 1 } },
    { metadata: { ["k".repeat(65)]: "" } },
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ""])) },
    { decidedBy: "2026-11-23T08:00:02+08:00" },
    { ...amount("5"), amount: { value: "5", currency: "CNY", tip: "1" } },
    ...["0", "0.00", "0.001", "-1", "+5", "1e3", "1.", ".5", "012", "1,000", "100000000.01", "100000001"].map(
      (value) => amount(value),
    ),
    amount(5),
    amount("100.5", "JPY"),
    amount("0", "JPY"),
    amount("0.0001", "KWD"),
    amount("5", "ABC"),
    amount("5", "XAU"),
    amount("5", "cny"),
  ])("refuses %j, as the parser does", (changes) => {
    const body = JSON.parse(JSON.stringify(sampleBody(changes)));
    expect(parse(body)).toMatchObject({ ok: false });
    expect(schemaTakes(body)).toBe(false);
  });

  /** What it can only say in words. */
  const IN_WORDS: readonly { readonly changes: Record<string, unknown>; readonly problem: RegExp }[] = [
    { changes: { decideBy: "2026-11-23T00:00:00Z" }, problem: /decideBy must be later than occurredAt/ },
    { changes: { decideBy: "2026-11-24T00:00:01Z" }, problem: /decideBy must be at most 24 hours/ },
    { changes: { occurredAt: "2016-12-31T23:59:60Z" }, problem: /occurredAt .* does not exist/ },
    { changes: { userId: "a\u{e0041}" }, problem: /userId must be 1 to 64 printable characters/ },
    { changes: { merchantId: "\u{e0020}" }, problem: /merchantId must be 1 to 64 printable characters/ },
    {
      changes: { deviceFingerprint: "\u{e0020}".repeat(16) },
      problem: /deviceFingerprint must be 16 to 128 printable characters/,
    },
    { changes: { metadata: { a: "\ud800" } }, problem: /half a character/ },
    { changes: { metadata: Object.fromEntries([["__proto__", "x"]]) }, problem: /__proto__/ },
  ];

  it.each(IN_WORDS)("says in words only: $problem", ({ changes, problem }) => {
    const body = sampleBody(changes);
    expect(parse(body)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
    expect(schemaTakes(body)).toBe(true);
  });

  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 140 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(..."aZ7._-"), minLength: 16, maxLength: 64 }),
  );
  const digits = (most: number) => fc.nat(most).map((number) => String(number).padStart(2, "0"));
  const instant = fc
    .tuple(digits(13), digits(32), digits(24), digits(60), digits(60), fc.constantFrom("", ".5", ".123"))
    .chain(([month, day, hour, minute, second, fraction]) =>
      fc
        .constantFrom("Z", "+08:00", "-11:30", "+14:59", "+15:00", "z", "")
        .map((offset) => `2026-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`),
    );
  const decimal = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789."), maxLength: 13 }),
    fc.tuple(fc.nat(100_000_000), fc.nat(99)).map(([whole, part]) => `${whole}.${part}`),
    fc.nat(100_000_001).map(String),
  );
  const fields = {
    transactionId: text,
    rail: fc.constantFrom("alipay", "x-9", "9x"),
    userId: text,
    merchantId: text,
    merchantCategoryCode: fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 3, maxLength: 5 }),
    amount: fc.record({
      value: decimal,
      currency: fc.constantFrom(...CURRENCY_DECIMALS.keys(), "ABC", "XAU", "cny", "__proto__"),
    }),
    deviceFingerprint: text,
    geolocation: fc.record({ latitude: fc.double(), longitude: fc.double({ min: -200, max: 200 }) }),
    occurredAt: instant,
    decideBy: instant,
    metadata: fc.dictionary(text, text, { maxKeys: 18 }),
    tip: fc.constant("1"),
  };
  const changed = fc
    .subarray(Object.entries(fields), { maxLength: 4 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)));

  it("takes whatever the parser takes, and what it takes alone it says in words", () => {
    let taken = 0;
    fc.assert(
      fc.property(changed, (changes) => {
        const body = JSON.parse(JSON.stringify(sampleBody(changes)));
        const parsed = parse(body);
        if (parsed.ok) taken += 1;
        const isRight = schemaTakes(body) ? parsed.ok || isInWords(parsed.problem) : !parsed.ok;
        expect([body, parsed, isRight]).toEqual([body, parsed, true]);
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
  const isInWords = (problem: string) => IN_WORDS.some((rule) => rule.problem.test(problem));

  it("takes of the basic plane the characters that the parser takes for printable, and no others", () => {
    const schema = z.toJSONSchema(transactionSchema.shape.userId);
    const pattern = new RegExp(schema.pattern ?? "", "u");
    const characters = Array.from({ length: 0x1_00_00 }, (_, code) => String.fromCharCode(code));
    // Half a character is refused before any pattern is asked.
    const differing = characters.filter(
      (character) =>
        character.isWellFormed() &&
        transactionSchema.shape.userId.safeParse(character).success !== pattern.test(character),
    );
    expect(differing).toEqual([]);
  });
});

describe("the JSON Schema of a result", () => {
  const takes = validatorOf(files["result.schema.json"]);

  it.each<Parameters<typeof sampleResult>[0]>([
    {},
    { riskScore: null, source: "fallback", traceId: null, ruleCodes: [], attempts: 0 },
    { source: "provider:other", revision: 2 },
  ])("takes %j", (changes) => {
    expect([takes(sampleResult(changes)), takes.errors]).toEqual([true, null]);
  });

  it("takes a field that a later version adds", () => {
    expect(takes({ ...sampleResult(), addedLater: 1 })).toBe(true);
  });

  it.each([{ verdict: "perhaps" }, { riskScore: 1.5 }, { source: "hearsay" }, { decidedAt: "today" }])(
    "refuses %j",
    (changes) => {
      expect(takes({ ...sampleResult(), ...changes })).toBe(false);
    },
  );
});

describe("the AsyncAPI document", () => {
  const document = readAsyncApi(files["asyncapi.yaml"]);

  it("is one, as AsyncAPI's own schema has it", () => {
    const takes = asyncApiValidator();
    expect([takes(document), takes.errors]).toEqual([true, null]);
    expect(takes({ ...document, channels: { transactions: { adress: "transaction.standard" } } })).toBe(
      false,
    );
  });

  it("refers to what it has", () => {
    const references = JSON.stringify(document).match(/(?<="\$ref":"#\/)[^"]+/g) ?? [];
    expect(references).toContain("components/schemas/transaction");
    for (const reference of references) expect(document).toHaveProperty(reference.split("/"));
  });

  it("has all of the topology, and nothing else", () => {
    const described = Object.values(document.channels).flatMap(({ bindings }) => itemsOf(bindings.amqp));
    const topology = topologyOf({ namespace: "risk", hasResultsQueue: true });
    expect(described).toHaveLength(topology.length);
    expect(described).toEqual(expect.arrayContaining([...topology]));
  });

  function itemsOf(amqp: ChannelBinding): object[] {
    if (amqp.is === "routingKey") {
      const alternateExchange = amqp["x-alternate-exchange"];
      const declared = { kind: "exchange", name: amqp.exchange.name };
      return [alternateExchange === undefined ? declared : { ...declared, alternateExchange }];
    }
    const { name } = amqp.queue;
    const bindings = amqp["x-bound-to"].map(({ exchange, routingKey }) => ({
      kind: "binding",
      exchange,
      pattern: routingKey,
      queue: name,
    }));
    return [{ kind: "queue", name, arguments: amqp["x-queue-arguments"] }, ...bindings];
  }

  it.each([
    { message: "transaction", part: "payload", schema: "transaction.schema.json" },
    { message: "result", part: "payload", schema: "result.schema.json" },
    { message: "deadLetter", part: "headers", schema: "dead-letter-headers.schema.json" },
    { message: "returnedTransaction", part: "payload", schema: "transaction.schema.json" },
  ] as const)("has an example of $message whose $part fits", ({ message, part, schema }) => {
    const takes = validatorOf(files[schema]);
    const examples = document.components.messages[message]?.examples ?? [];
    expect(examples).not.toEqual([]);
    for (const example of examples) expect([takes(example[part]), takes.errors]).toEqual([true, null]);
  });

  it("has a bad payment as the example of a dead letter, refused for the reason that it names", () => {
    const [example] = document.components.messages["deadLetter"]?.examples ?? [];
    expect(parse(example?.payload)).toEqual({ ok: false, problem: example?.headers?.["x-risk-detail"] });
  });
});
