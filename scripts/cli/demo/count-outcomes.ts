import { VERDICTS, type Verdict } from "../../../shared/domain/risk-result.ts";
import { inGroups } from "../in-groups.ts";
import type { ResultCounts } from "./row-accounts.ts";

type Counts = Readonly<Partial<Record<string, number>>>;

export const sumOf = (counts: Counts): number =>
  Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);

/** "approve 1,105, review 121"; nothing where there is nothing. */
export const listCounts = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, count = 0]) => `${name} ${inGroups(count)}`)
    .join(", ");

/** The largest first, and of equal ones by name: the same whatever came first. */
export const largestFirst = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).toSorted(([a, m = 0], [b, n = 0]) => n - m || (a < b ? -1 : 1)));

/** By verdict, whatever the source. */
export function byVerdict(results: ResultCounts): Record<Verdict, number> {
  const counts = { approve: 0, review: 0, decline: 0 };
  for (const verdict of VERDICTS) {
    for (const of of Object.values(results)) counts[verdict] += of[verdict] ?? 0;
  }
  return counts;
}

/** The verdicts of one source, in their order. */
export function verdictsOf(results: ResultCounts, source: string): Counts {
  const counts = results[source] ?? {};
  return Object.fromEntries(
    VERDICTS.flatMap((verdict) => (counts[verdict] === undefined ? [] : [[verdict, counts[verdict]]])),
  );
}

/** Calls beyond the first for a transaction, as the gateway counted them. */
export const retriesOf = ({
  calls,
  transactions,
}: {
  readonly calls: { readonly wellSigned: number };
  readonly transactions: { readonly distinct: number; readonly unnamedCalls: number };
}): number => calls.wellSigned - transactions.distinct - transactions.unnamedCalls;
