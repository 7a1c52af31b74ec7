import { expect, it } from "vitest";
import { flightRoles } from "../../../shared/domain/single-flight.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const amount = (value: string, currency = "CNY") => ({ amount: { value, currency } });
/** 100 yuan. */
const POLICY = samplePolicy({ scoreAbove: 10_000, belowThreshold: "score" });
const APPROVING = samplePolicy({ scoreAbove: 10_000, belowThreshold: "approve" });
const SCORING_ALL = samplePolicy({ scoreAbove: 0, belowThreshold: "score" });
const CATEGORY_ONLY = samplePolicy({ byCategory: { "5411": 10_000 }, belowThreshold: "score" });

it.each([
  { title: "a small one", is: "follows", changes: amount("100.00") },
  { title: "a large one", is: "leads", changes: amount("100.01") },
  { title: "one in a currency that has no threshold", is: "leads", changes: amount("1.00", "EUR") },
  { title: "one of another rail", is: "apart", changes: { ...amount("1.00"), rail: "wechat" } },
  { title: "where small ones are approved, one", is: "apart", changes: amount("1.00"), policy: APPROVING },
  {
    title: "one of a category with a threshold",
    is: "follows",
    changes: amount("1.00"),
    policy: CATEGORY_ONLY,
  },
  { title: "where none is small, one", is: "apart", changes: amount("1.00"), policy: SCORING_ALL },
])("$title $is", ({ is, changes, policy = POLICY }) => {
  expect(flightRoles(policy, true)(sampleTransaction(changes))).toBe(is);
});

it("where no score is kept for those who follow, all are apart", () => {
  expect(flightRoles(POLICY, false)(sampleTransaction(amount("1.00")))).toBe("apart");
});
