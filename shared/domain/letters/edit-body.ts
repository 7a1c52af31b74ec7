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

/** A body with fields changed, as JSON. What it says is not judged here. */
export function editBody(body: Buffer, edits: readonly BodyEdit[]): Parsed<Buffer> {
  let json: unknown;
  try {
    json = parseJson(body.toString());
  } catch {
    return refused("the body is no JSON: there are no fields to change");
  }
  if (!isObject(json)) return refused("the body is no JSON object: there are no fields to change");
  for (const edit of edits) {
    const problem = apply(json, edit);
    if (problem !== undefined) return refused(problem);
  }
  return parsed(Buffer.from(JSON.stringify(json)));
}

/** What a field of a JSON object holds; undefined where it is not there. @throws SyntaxError */
export function fieldOf(body: Buffer, path: string): unknown {
  const [first = "", second] = stepsOf(path);
  const json = parseJson(body.toString());
  const outer = isObject(json) ? json[first] : undefined;
  if (second === undefined) return outer;
  return isObject(outer) ? outer[second] : undefined;
}

/** Gives what is wrong with it, if anything is. */
function apply(json: Record<string, unknown>, { path, value }: BodyEdit): string | undefined {
  const [first = "", second] = stepsOf(path);
  if (first === "" || first === "__proto__" || second === "" || second === "__proto__")
    return `${path}: is no field`;
  if (second === undefined) return change(json, first, path, value);
  const inner = json[first];
  if (isObject(inner)) return change(inner, second, path, value);
  if (value === undefined) return `${path}: is not there`;
  json[first] = { [second]: valueOf(path, value) };
  return undefined;
}

function change(
  fields: Record<string, unknown>,
  name: string,
  path: string,
  value: string | undefined,
): string | undefined {
  if (value !== undefined) fields[name] = valueOf(path, value);
  else if (!Object.hasOwn(fields, name)) return `${path}: is not there`;
  else delete fields[name];
  return undefined;
}

function valueOf(path: string, text: string): unknown {
  const isNumber = NUMBERS.has(path) && /^-?\d+(?:\.\d+)?$/.test(text);
  return isNumber ? Number(text) : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
