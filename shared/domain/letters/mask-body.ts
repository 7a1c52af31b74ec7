import { isJsonObject } from "../is-json-object.ts";
import { parseJson } from "../parse-json.ts";

/** Fields that say nothing of a person; everything else is masked, misspelt fields above all. */
const SHOWN = new Set([
  "schemaVersion",
  "transactionId",
  "rail",
  "merchantId",
  "merchantCategoryCode",
  "amount",
  "occurredAt",
  "decideBy",
]);
const SHOWN_IN_AMOUNT = new Set(["value", "currency"]);
const MASK = "***";
const LONGEST_SHOWN = 64;

/** A body as it may be shown to anybody: its JSON with personal data masked; undefined where it is none. */
export function maskBody(body: Buffer): Record<string, unknown> | undefined {
  let json: unknown;
  try {
    json = parseJson(body.toString());
  } catch {
    return undefined;
  }
  return isJsonObject(json) ? maskFields(json, SHOWN) : undefined;
}

/** Whether a field, such as `amount.value`, may be shown to anybody. */
export function isShownField(path: string): boolean {
  const [name = "", inner, ...deeper] = path.split(".");
  if (name !== "amount") return SHOWN.has(name) && inner === undefined;
  return inner !== undefined && SHOWN_IN_AMOUNT.has(inner) && deeper.length === 0;
}

function maskFields(fields: Record<string, unknown>, shown: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (name === "amount" && isJsonObject(value)) return [name, maskFields(value, SHOWN_IN_AMOUNT)];
      return [name, shown.has(name) && isShort(value) ? value : mask(value, 0)];
    }),
  );
}

/** Keys stay: whoever repairs it must see which fields there are. */
function mask(value: unknown, depth: number): unknown {
  if (!isJsonObject(value) || depth > 2) return MASK;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mask(inner, depth + 1)]));
}

const isShort = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value.length <= LONGEST_SHOWN);
