import { formatMinorUnits } from "../../shared/domain/money.ts";
import type { PutOff } from "../../shared/redis/journal/read-put-off.ts";
import { inGroups } from "./in-groups.ts";

/** What was put off in one currency, as JSON: amounts as a transaction has them. */
export function putOffJson({ currency, transactions, minorUnits }: PutOff) {
  return { transactions, amount: { value: formatMinorUnits(minorUnits, currency), currency } };
}

/** All that was put off, for a person. */
export function putOffRow(putOff: readonly PutOff[]): readonly [string, string] {
  const transactions = putOff.reduce((sum, each) => sum + each.transactions, 0);
  const amounts = putOff.map(
    ({ currency, minorUnits }) => `${formatMinorUnits(minorUnits, currency)} ${currency}`,
  );
  return ["put off today", transactions === 0 ? "none" : `${inGroups(transactions)}: ${amounts.join(", ")}`];
}
