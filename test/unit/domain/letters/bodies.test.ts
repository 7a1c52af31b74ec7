import { describe, expect, it } from "vitest";
import { editBody } from "../../../../shared/domain/letters/edit-body.ts";
import { glanceAt } from "../../../../shared/domain/letters/glance.ts";
import { isShownField, maskBody } from "../../../../shared/domain/letters/mask-body.ts";
import { parseJson } from "../../../../shared/domain/parse-json.ts";
import { parseTransaction } from "../../../../shared/domain/transaction.ts";
import { sampleBody } from "../../../support/sample-transaction.ts";

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const edited = (body: unknown, ...edits: Parameters<typeof editBody>[1]): unknown => {
  const found = editBody(Buffer.isBuffer(body) ? body : bytes(body), edits);
  return found.ok ? parseJson(found.value.toString()) : found.problem;
};

describe("a masked body", () => {
  it("shows nothing of a person, misspelt fields included", () => {
    const body = sampleBody({ userID: "2088102146225135", note: { phone: "13800138000" } });
    const text = JSON.stringify(maskBody(bytes(body)));
    for (const personal of [
      "2088102146225135",
      "9f86d081884c7d659a2feaa0c55ad015",
      "31.2304",
      "app",
      "13800138000",
    ])
      expect(text).not.toContain(personal);
    expect(maskBody(bytes(body))).toMatchObject({
      transactionId: "T202611230000001",
      amount: { value: "128.50", currency: "CNY" },
      userID: "***",
      note: { phone: "***" },
    });
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[1]"],
    ["a text", '"2088"'],
  ])("shows nothing of %s", (_, text) => {
    expect(maskBody(Buffer.from(text))).toBeUndefined();
  });
});

it.each([
  ["amount.value", true],
  ["amount.currency", true],
  ["merchantId", true],
  ["amount", false],
  ["amount.userId", false],
  ["amount.value.userId", false],
  ["userId", false],
  ["geolocation.latitude", false],
  ["metadata.channel", false],
  ["transactionId.userId", false],
])("whether %s may be shown to anybody: %s", (path, expected) => {
  expect(isShownField(path)).toBe(expected);
});

describe("a glance", () => {
  it("sees id, merchant and amount", () => {
    expect(glanceAt(bytes(sampleBody()))).toEqual({
      transactionId: "T202611230000001",
      merchantId: "store-17",
      amount: { value: "128.50", currency: "CNY", minorUnits: 12_850 },
    });
  });

  it("sees an id beside what nests deeper than a transaction", () => {
    const text = `{"transactionId":"T1","\\u0061":${"[".repeat(70)}${"]".repeat(70)}}`;
    expect(glanceAt(Buffer.from(text))).toEqual({ transactionId: "T1" });
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["escapes that nest too deep for any reader", `{"\\u0061":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
    ["an amount that is none", '{"amount":{"value":"1e5","currency":"CNY"}}'],
    ["too much", `{"transactionId":"T","x":"${"x".repeat(70_000)}"}`],
  ])("sees nothing in %s", (_, text) => {
    expect(glanceAt(Buffer.from(text))).toEqual({});
  });
});

describe("an edited body", () => {
  it("gets values as texts, and numbers where a transaction has them", () => {
    const body = edited(
      sampleBody(),
      { path: "amount.value", value: "12.50" },
      { path: "geolocation.latitude", value: "-1.5" },
      { path: "metadata.a.b", value: "1" },
    );
    expect(body).toMatchObject({
      amount: { value: "12.50" },
      geolocation: { latitude: -1.5 },
      metadata: { "a.b": "1" },
    });
    expect(parseTransaction(bytes(body)).ok).toBe(true);
  });

  it("loses a field that no transaction has", () => {
    const body = edited(sampleBody({ merchantID: "x" }), { path: "merchantID", value: undefined });
    expect(body).toEqual(sampleBody());
  });

  it.each([
    { body: sampleBody(), edit: { path: "nothing", value: undefined }, problem: "nothing: is not there" },
    { body: sampleBody(), edit: { path: "__proto__.x", value: "1" }, problem: "__proto__.x: is no field" },
    { body: sampleBody(), edit: { path: "amount.", value: "1" }, problem: "amount.: is no field" },
    {
      body: Buffer.from("{"),
      edit: { path: "rail", value: "1" },
      problem: "the body is no JSON: there are no fields to change",
    },
    {
      body: [1],
      edit: { path: "rail", value: "1" },
      problem: "the body is no JSON object: there are no fields to change",
    },
  ])("is refused: $problem", ({ body, edit, problem }) => {
    expect(edited(body, edit)).toBe(problem);
  });
});
