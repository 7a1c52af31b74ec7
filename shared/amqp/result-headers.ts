import type { RiskResult } from "../domain/risk-result.ts";

/** Enough for the merchants of most hours; beyond, all are made anew. */
const MOST_KEPT = 1_000;

export type ResultHeaders = Readonly<Record<string, string>>;

const kept = new Map<string, ResultHeaders>();

/**
 * The headers of a result, one object for all results with the same ones: nobody may change it. amqplib makes whatever headers it is given the
 * prototype of an object of its own, and V8 describes each new prototype, and what inherits from it, by maps of their own
 * in its old generation: that costs a worker more than all the rest of a publish.
 */
export function resultHeaders(
  rail: string,
  merchantId: string | undefined,
  source: RiskResult["source"],
): ResultHeaders {
  const name = `${source}\0${rail}${merchantId === undefined ? "" : `\0${merchantId}`}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  if (kept.size === MOST_KEPT) kept.clear();
  const headers = { rail, ...(merchantId === undefined ? {} : { merchantId }), source };
  kept.set(name, headers);
  return headers;
}
