import { expect, it } from "vitest";
import { flightRoleOf } from "../../../shared/domain/single-flight.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const amount = (value: string, currency = "CNY") => ({ amount: { value, currency } });
/** 100 yuan. */
const POLICY = { scoreAbove: 10_000, belowThreshold: "score" } as const;
const APPROVING = { ...POLICY, belowThreshold: "approve" } as const;
const SCORING_ALL = { ...POLICY, scoreAbove: 0 };

it.each([
  { title: "a small one", is: "follows", changes: amount("100.00") },
  { title: "a large one", is: "leads", changes: amount("100.01") },
  { title: "one in a currency that has no threshold", is: "leads", changes: amount("1.00", "EUR") },
  { title: "one of another rail", is: "apart", changes: { ...amount("1.00"), rail: "wechat" } },
  { title: "where small ones are approved, one", is: "apart", changes: amount("1.00"), policy: APPROVING },
  { title: "where none is small, one", is: "apart", changes: amount("1.00"), policy: SCORING_ALL },
])("$title $is", ({ is, changes, policy = POLICY }) => {
  expect(flightRoleOf(sampleTransaction(changes), policy, true)).toBe(is);
});

it("where no score is kept for those who follow, all are apart", () => {
  expect(flightRoleOf(sampleTransaction(amount("1.00")), POLICY, false)).toBe("apart");
});
