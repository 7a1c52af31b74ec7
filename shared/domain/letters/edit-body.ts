import { applyEdits, modify } from "jsonc-parser";
import { isJsonObject } from "../is-json-object.ts";
import { parseJson } from "../parse-json.ts";
import { parsed, refused, type Parsed } from "../parsed.ts";

/** One change of a body: a field gets a value, or goes. */
export type BodyEdit =
  { readonly path: string; readonly value: string } | { readonly path: string; readonly value: undefined };

/** These are numbers in a transaction; everything else is text. */
const NUMBERS = new Set(["schemaVersion", "geolocation.latitude", "geolocation.longitude"]);

/** The field names on the way to a value; metadata's keys may have dots in them. */
function stepsOf(path: string): string[] {
  const [first = "", ...rest] = path.split(".");
  return rest.length === 0 ? [first] : [first, rest.join(".")];
}

/** What is no UTF-8 is not guessed at: a payer's id would become another one. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A body with fields changed, as JSON. All else stays as it is, to the letter, so that what was wrong with it (a field
 * that is there twice) is still seen by whoever judges the result.
 */
export function editBody(body: Buffer, edits: readonly BodyEdit[]): Parsed<Buffer> {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refused("the body is no UTF-8: there are no fields to change");
  }
  for (const edit of edits) {
    const edited = apply(text, edit);
    if (!edited.ok) return edited;
    text = edited.value;
  }
  return parsed(Buffer.from(text));
}

/** What a field of a JSON object holds; undefined where it is not there. @throws SyntaxError */
export function fieldOf(body: Buffer, path: string): unknown {
  const [first = "", second] = stepsOf(path);
  const json = parseJson(body.toString());
  const outer = isJsonObject(json) ? json[first] : undefined;
  if (second === undefined) return outer;
  return isJsonObject(outer) ? outer[second] : undefined;
}

function apply(text: string, { path, value }: BodyEdit): Parsed<string> {
  const [first = "", second] = stepsOf(path);
  if (first === "" || first === "__proto__" || second === "" || second === "__proto__")
    return refused(`${path}: is no field`);
  const json = readObject(text);
  if (!json.ok) return json;
  const outer = json.value[first];
  const fields = second === undefined ? json.value : outer;
  const isThere = isJsonObject(fields) && Object.hasOwn(fields, second ?? first);
  if (value === undefined && !isThere) return refused(`${path}: is not there`);
  const wanted = value === undefined ? undefined : valueOf(path, value);
  if (second === undefined) return parsed(change(text, [first], wanted));
  if (isJsonObject(outer)) return parsed(change(text, [first, second], wanted));
  return parsed(change(text, [first], { [second]: wanted }));
}

function readObject(text: string): Parsed<Record<string, unknown>> {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    return refused("the body is no JSON: there are no fields to change");
  }
  return isJsonObject(json)
    ? parsed(json)
    : refused("the body is no JSON object: there are no fields to change");
}

const change = (text: string, path: string[], value: unknown): string =>
  applyEdits(text, modify(text, path, value, {}));

function valueOf(path: string, text: string): unknown {
  const isNumber = NUMBERS.has(path) && /^-?\d+(?:\.\d+)?$/.test(text);
  return isNumber ? Number(text) : text;
}
