import type { Transaction } from "./transaction.ts";

/** Up to which amount, included, a transaction is too small to be always scored. */
export interface Thresholds {
  /** In each currency's smallest unit. A currency that is not there is always scored. */
  readonly byCurrency: ReadonlyMap<string, number>;
  /** In fen, by merchant category code. */
  readonly byCategory: ReadonlyMap<string, number>;
}

/** Whether any transaction at all can be too small to be always scored. */
export function hasThreshold({ byCurrency, byCategory }: Thresholds): boolean {
  return [...byCurrency.values(), ...byCategory.values()].some((threshold) => threshold > 0);
}

/** The currency of the thresholds of merchant categories. */
const CATEGORY_CURRENCY = "CNY";

/**
 * A transaction's threshold, in its currency's smallest unit; 0 where it is always scored. A merchant category's wins
 * over the currency's. It is an amount of yuan, so of other currencies it says something only where it is 0: what is
 * always scored, is so in any currency.
 */
export function thresholdOf(
  { amount, merchantCategoryCode }: Pick<Transaction, "amount" | "merchantCategoryCode">,
  { byCurrency, byCategory }: Thresholds,
): number {
  const ofCategory = byCategory.get(merchantCategoryCode);
  if (ofCategory !== undefined && (ofCategory === 0 || amount.currency === CATEGORY_CURRENCY)) {
    return ofCategory;
  }
  return byCurrency.get(amount.currency) ?? 0;
}
