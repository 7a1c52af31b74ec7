import { isJsonObject } from "../is-json-object.ts";
import { parseMoney, type Money } from "../money.ts";
import { parseJson } from "../parse-json.ts";
import { LONGEST_TRANSACTION } from "../transaction.ts";

/** What can be seen of a transaction at a glance, also where it does not parse. */
export interface Glance {
  readonly transactionId?: string;
  readonly merchantId?: string;
  readonly amount?: Money;
}

/** Glances at a body of any kind; far quicker than parsing it, and promises nothing of it. */
export function glanceAt(body: Buffer): Glance {
  if (body.length > LONGEST_TRANSACTION) return {};
  const json = readLoosely(body);
  if (!isJsonObject(json)) return {};
  const { transactionId, merchantId, amount } = json;
  const money = isJsonObject(amount) ? parseMoney(amount["value"], amount["currency"]) : undefined;
  return {
    ...(isName(transactionId) ? { transactionId } : {}),
    ...(isName(merchantId) ? { merchantId } : {}),
    ...(money?.ok === true ? { amount: money.value } : {}),
  };
}

function readLoosely(body: Buffer): unknown {
  try {
    return parseJson(body.toString());
  } catch {
    return undefined;
  }
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= 64;
