import { isSmall, SCORED_RAIL, type ScoringPolicy } from "./scoring-policy.ts";
import { hasThreshold } from "./thresholds.ts";
import type { Transaction } from "./transaction.ts";

/**
 * What a transaction is to its payer's flight, the one call under way whose score answers the others. One that is called
 * whatever is stored "leads" where nobody does, and waits for nobody. One that a stored score would answer "follows"
 * whoever leads, and leads where nobody does. Who neither needs nor brings such a score is "apart".
 */
export type FlightRole = "leads" | "follows" | "apart";

/** Pure: the flight's part in what is known before a transaction is taken up. */
export function flightRoles(
  policy: ScoringPolicy,
  keepsScores: boolean,
): (transaction: Pick<Transaction, "rail" | "amount" | "merchantCategoryCode">) => FlightRole {
  const isFlown = keepsScores && policy.belowThreshold === "score" && hasThreshold(policy.thresholds);
  return (transaction) => {
    if (!isFlown || transaction.rail !== SCORED_RAIL) return "apart";
    return isSmall(transaction, policy) ? "follows" : "leads";
  };
}
