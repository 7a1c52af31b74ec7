import { createHash } from "node:crypto";
import type { Options } from "amqplib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { servers } from "../../support/servers.ts";

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await Pipeline.start({ servers: servers() });
  await pipeline.startWorker();
});

afterAll(() => pipeline.close());

const text = (body: string): Buffer => Buffer.from(body);
const json = (changes: Readonly<Record<string, unknown>>): Buffer =>
  text(JSON.stringify(sampleBody(changes)));
const amount = (value: unknown, currency = "CNY"): Buffer => json({ amount: { value, currency } });
const withRaw = (from: string, to: string): Buffer => text(JSON.stringify(sampleBody()).replace(from, to));

/** Each must become one dead letter, whose detail names what is wrong, at the cost of no call. */
const MALFORMED: readonly { readonly title: string; readonly body: Buffer; readonly detail: RegExp }[] = [
  { title: "an empty body", body: text(""), detail: /empty|JSON/ },
  { title: "one NUL byte", body: Buffer.from([0]), detail: /JSON|NUL|UTF/ },
  { title: "65,537 bytes", body: Buffer.alloc(65_537, "a"), detail: /64 KiB|65,?536|bytes/ },
  { title: "30,000 nested arrays", body: text("[".repeat(30_000)), detail: /nest|deep|depth|JSON/ },
  { title: "100,000 nested arrays", body: text("[".repeat(100_000)), detail: /bytes|64 KiB/ },
  {
    title: "5,000 keys",
    body: text(JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 1])))),
    detail: /keys|fields/,
  },
  { title: "truncated JSON", body: text('{"schemaVersion":1,'), detail: /JSON/ },
  { title: "an array", body: text("[]"), detail: /object/ },
  { title: "a string", body: text('"x"'), detail: /object/ },
  { title: "null", body: text("null"), detail: /object/ },
  {
    title: "a byte order mark",
    body: text(`\uFEFF${JSON.stringify(sampleBody())}`),
    detail: /byte order mark|BOM/,
  },
  { title: "UTF-16", body: Buffer.from(JSON.stringify(sampleBody()), "utf16le"), detail: /UTF/ },
  {
    title: "invalid UTF-8",
    body: Buffer.concat([text('{"a":"'), Buffer.from([0xff]), text('"}')]),
    detail: /UTF-8/,
  },
  {
    title: "a lone surrogate",
    body: withRaw('"store-17"', String.raw`"\ud800"`),
    detail: /merchantId|surrogate|Unicode/,
  },
  { title: "__proto__ at the top", body: withRaw("{", '{"__proto__":{"a":1},'), detail: /__proto__/ },
  {
    title: "__proto__ in metadata",
    body: withRaw('{"channel"', '{"__proto__":"x","channel"'),
    detail: /__proto__|metadata/,
  },
  {
    title: "two amounts",
    body: withRaw('"amount"', '"amount":{"value":"1.00","currency":"CNY"},"amount"'),
    detail: /amount.*twice|duplicate.*amount|amount.*duplicate|more than once/,
  },
  ...[
    "-1",
    "0",
    "0.001",
    "1e3",
    "0x10",
    "1,000.00",
    " 5 ",
    "00012.00",
    "+5",
    "1.",
    ".5",
    "٥",
    "100000000.01",
  ].map((value) => ({ title: `the amount ${JSON.stringify(value)}`, body: amount(value), detail: /amount/ })),
  { title: "an amount that is a number", body: amount(5), detail: /amount/ },
  { title: "an amount of 5,000 digits", body: amount("9".repeat(5_000)), detail: /amount/ },
  { title: "yen with decimals", body: amount("100.50", "JPY"), detail: /amount/ },
  { title: "an unknown currency", body: amount("1.00", "ABC"), detail: /currency/ },
  { title: "a currency in lower case", body: amount("1.00", "cny"), detail: /currency/ },
  { title: "MCC 742", body: json({ merchantCategoryCode: "742" }), detail: /merchantCategoryCode/ },
  { title: "latitude 91", body: json({ geolocation: { latitude: 91, longitude: 0 } }), detail: /latitude/ },
  { title: "30 February", body: json({ occurredAt: "2026-02-30T00:00:00Z" }), detail: /occurredAt/ },
  { title: "a time without offset", body: json({ occurredAt: "2026-11-23T08:00:00" }), detail: /occurredAt/ },
  { title: "an unknown field", body: json({ decidedBy: "2026-11-23T08:00:02+08:00" }), detail: /decidedBy/ },
  ...["T1\n", "T:1", "T*", "T".repeat(65)].map((transactionId) => ({
    title: `the id ${JSON.stringify(transactionId).slice(0, 12)}`,
    body: json({ transactionId }),
    detail: /transactionId/,
  })),
];

async function deadLetterOf(body: Buffer) {
  const sha256 = createHash("sha256").update(body).digest("hex");
  const find = () =>
    pipeline.collector.deadLetters.find(
      ({ properties }) => properties.headers?.["x-risk-body-sha256"] === sha256,
    );
  await pipeline.collector.until(() => find() !== undefined, AbortSignal.timeout(10_000));
  const found = find();
  if (found === undefined) throw new Error("no dead letter");
  return found;
}

describe("a malformed body", () => {
  it.each(MALFORMED)("$title: one dead letter that says why", async ({ body, detail }) => {
    await pipeline.publish([body]);
    const { properties, body: returned } = await deadLetterOf(body);
    expect(properties.headers).toMatchObject({ "x-risk-reason": "malformed", "x-risk-attempts": 0 });
    expect(properties.headers?.["x-risk-detail"]).toMatch(detail);
    expect(properties.headers?.["x-risk-detail"]).not.toMatch(/[\r\n]/);
    expect(returned.equals(body)).toBe(true);
  });

  it("costs no call, and the next transaction is scored", async () => {
    expect(pipeline.sandbox.report().calls.arrived).toBe(0);
    await pipeline.publish([sampleBody({ transactionId: "after-bad-input" })]);
    await pipeline.collector.until((c) => c.resultsById.has("after-bad-input"), AbortSignal.timeout(10_000));
    expect(pipeline.collector.deadLetters).toHaveLength(MALFORMED.length);
  });
});

it("another rail is a dead letter of its own kind", async () => {
  const body = json({ transactionId: "other-rail", rail: "wechat" });
  await pipeline.publish([body]);
  expect((await deadLetterOf(body)).properties.headers).toMatchObject({
    "x-risk-reason": "unsupported-rail",
    "x-risk-attempts": 0,
  });
});

it("a known id with another amount is a conflict, and the first answer stays", async () => {
  await pipeline.publish([json({ transactionId: "twice" })]);
  await pipeline.collector.until((c) => c.resultsById.has("twice"), AbortSignal.timeout(10_000));
  const other = json({ transactionId: "twice", amount: { value: "1.00", currency: "CNY" } });
  await pipeline.publish([other]);
  expect((await deadLetterOf(other)).properties.headers).toMatchObject({ "x-risk-reason": "conflict" });
  expect(pipeline.collector.resultsById.get("twice")).toHaveLength(1);
});

it("a wrong routing key is no loss", async () => {
  const body = json({ transactionId: "wrong-key" });
  await pipeline.publish([body], { lane: "urgnet" });
  const isThere = () =>
    pipeline.collector.deadLetters.find(({ fields }) => fields.routingKey === "transaction.urgnet");
  await pipeline.collector.until(() => isThere() !== undefined, AbortSignal.timeout(10_000));
  expect(isThere()?.body.equals(body)).toBe(true);
});

describe("what a producer sets beside the body has no effect", () => {
  const FORGED: readonly { readonly title: string; readonly options: Options.Publish }[] = [
    { title: "x-risk-attempts", options: { headers: { "x-risk-attempts": 4, "x-risk-replays": 9 } } },
    { title: "x-risk-reason", options: { headers: { "x-risk-reason": "rejected" } } },
    { title: "user-id", options: { userId: "guest" } },
    { title: "CC", options: { CC: ["transaction.nowhere"] } },
    { title: "expiration", options: { expiration: "3600000" } },
    { title: "reply-to", options: { replyTo: "somewhere" } },
    { title: "priority 255", options: { priority: 255 } },
    { title: "a false content type", options: { contentType: "image/png", contentEncoding: "gzip" } },
  ];

  it.each(FORGED)("$title on a good transaction", async ({ title, options }) => {
    const transactionId = `forged-${title.replaceAll(/\W+/g, "-")}`;
    await pipeline.publish([sampleBody({ transactionId })], options);
    await pipeline.collector.until((c) => c.resultsById.has(transactionId), AbortSignal.timeout(10_000));
    expect(pipeline.collector.resultsById.get(transactionId)?.[0]).toMatchObject({
      source: "alipay",
      attempts: 1,
    });
  });

  it.each(FORGED)("$title on a bad one", async ({ title, options }) => {
    const body = text(`bad, with ${title}`);
    await pipeline.publish([body], options);
    expect((await deadLetterOf(body)).properties.headers).toMatchObject({
      "x-risk-reason": "malformed",
      "x-risk-attempts": 0,
      "x-risk-replays": 0,
    });
  });
});
