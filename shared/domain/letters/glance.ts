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

/** Deeper ones are no transactions, and would exhaust the stack of whoever reads them again. */
const DEEPEST = 64;
const ESCAPED = 0x5c;

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
    const text = body.toString();
    // The other parser that escapes need recurses.
    return body.includes(ESCAPED) && isDeep(text) ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}

/** Counts brackets, also those in texts: a body with so many is hardly one of ours. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= 64;
