import { expect, it } from "vitest";
import { RowAccounts } from "../../../../scripts/cli/demo/row-accounts.ts";
import { sampleResult } from "../../../support/sample-result.ts";

const body = (text: string): Buffer => Buffer.from(text);

/** Publishes rows by their bodies, under ids where there are any. */
function accountsOf(rows: readonly (readonly [text: string, id?: string])[]): RowAccounts {
  const accounts = new RowAccounts();
  for (const [text, id] of rows) {
    accounts.sent(body(text), id, 1_000);
    accounts.confirmed(body(text));
  }
  return accounts;
}

it("settles each row by its result or its dead letter", () => {
  const accounts = accountsOf([["a", "A"], ["b", "B"], ["cut off"]]);
  expect([...accounts.unsettled()]).toEqual(["A", "B", expect.stringMatching(/^body [0-9a-f]{12}…$/)]);
  accounts.result(sampleResult({ transactionId: "A", verdict: "decline", source: "alipay" }), 1_250);
  accounts.result(sampleResult({ transactionId: "B", source: "cache", attempts: 0 }), 1_010);
  accounts.deadLetter(body("cut off"), "malformed");
  expect([...accounts.unsettled()]).toEqual([]);
  expect(accounts.balance()).toEqual({
    published: 3,
    settled: 3,
    results: { alipay: { decline: 1 }, cache: { review: 1 } },
    deadLetters: { malformed: 1 },
    repeated: 0,
  });
  expect(accounts.latenciesMs()).toEqual({ called: [250], withoutCall: [10] });
});

it("counts an outcome once, however often it is delivered", () => {
  const accounts = accountsOf([["a", "A"], ["b"]]);
  for (let delivery = 0; delivery < 3; delivery++) {
    accounts.result(sampleResult({ transactionId: "A" }), 1_100);
    accounts.deadLetter(body("b"), "malformed");
  }
  expect(accounts.balance()).toMatchObject({ settled: 2, repeated: 4, deadLetters: { malformed: 1 } });
  expect(accounts.latenciesMs().called).toHaveLength(1);
});

it("gives the result of an id to the row that had it first", () => {
  const accounts = accountsOf([
    ["first", "A"],
    ["second", "A"],
  ]);
  accounts.deadLetter(body("second"), "conflict");
  expect([...accounts.unsettled()]).toEqual(["A"]);
  accounts.result(sampleResult({ transactionId: "A" }), 1_100);
  expect(accounts.balance()).toMatchObject({ settled: 2, deadLetters: { conflict: 1 } });
});

it("misses no row that the broker never confirmed, and counts one once that was sent twice", () => {
  const accounts = accountsOf([["a", "A"]]);
  accounts.sent(body("a"), "A", 2_000);
  accounts.confirmed(body("a"));
  accounts.sent(body("b"), "B", 2_000);
  expect(accounts.balance().published).toBe(1);
  expect([...accounts.unsettled()]).toEqual(["A"]);
  accounts.result(sampleResult({ transactionId: "A" }), 1_100);
  expect(accounts.latenciesMs().called).toEqual([100]);
});

it("takes no notice of what others publish", () => {
  const accounts = accountsOf([["a", "A"]]);
  accounts.result(sampleResult({ transactionId: "Z" }), 1_100);
  accounts.deadLetter(body("z"), "malformed");
  expect(accounts.balance()).toMatchObject({ published: 1, settled: 0, repeated: 0 });
});
