import { createScanner } from "jsonc-parser";
import { withTrueKeys } from "./parse-json.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** How large a JSON body may be, in each way in which it can be large. */
export interface JsonBounds {
  readonly bytes: number;
  /** Objects and arrays inside one another; the outermost is 1. */
  readonly depth: number;
  /** Keys of all objects together. */
  readonly keys: number;
}

/** The BOM is kept, so that JSON.parse refuses it: RFC 8259 forbids sending one. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const LONGEST_NAME = 64;
/** What is not above it is whitespace where JSON has no string. */
const SPACE = 0x20;

/**
 * Bytes to the one value they can mean, or the reason why there is none. JSON.parse judges the grammar; what it
 * silently repairs (duplicate keys, numbers that do not fit, lone surrogates) is refused. Never throws.
 */
export function parseStrictJson(body: Uint8Array, bounds: JsonBounds): Parsed<unknown> {
  if (body.length > bounds.bytes) return refused(`body is larger than ${bounds.bytes} bytes`);
  const json = decode(body);
  if (json === undefined) return refused(problemOfUnreadable(body));
  if (isSurelySound(json.text, json.value, bounds)) return parsed(json.value);
  const problem = findHiddenProblem(json.text, bounds);
  return problem === undefined ? parsed(withTrueKeys(json.text, json.value)) : refused(problem);
}

/** A producer's key as a log or a header may show it: cut, and in printable ASCII, so that look-alikes show. */
export function quoteKey(key: string): string {
  const shown = key
    .slice(0, LONGEST_NAME)
    .replace(/[^ -~]|["\\]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`);
  return key.length > LONGEST_NAME ? `"${shown}…"` : `"${shown}"`;
}

/** V8 parses without recursion: deep nesting is no danger here, and is counted afterwards. */
function decode(body: Uint8Array): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const text = utf8.decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/**
 * Whether a text surely hides nothing, told without reading each token of it: a key that is given twice is in the text, and
 * not in the value. Strings without escapes end at the next quote. What this is not sure of may be sound all the same.
 */
function isSurelySound(text: string, value: unknown, bounds: JsonBounds): boolean {
  if (text.includes("\\") || text.includes('"__proto__"')) return false;
  const keys = keysOfValue(value, bounds.depth);
  return keys <= bounds.keys && keys === keysOfText(text);
}

/** Keys of all objects together; infinitely many where it nests deeper, or has a number that is too large to be exact. */
function keysOfValue(value: unknown, depth: number): number {
  if (typeof value === "number") return isExact(value) ? 0 : Infinity;
  if (typeof value !== "object" || value === null) return 0;
  if (depth === 0) return Infinity;
  const items: unknown[] = Object.values(value);
  let keys = Array.isArray(value) ? 0 : items.length;
  for (const item of items) keys += keysOfValue(item, depth - 1);
  return keys;
}

/** A key is a string that a colon follows. */
function keysOfText(text: string): number {
  let keys = 0;
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = text.indexOf('"', start + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= SPACE) next += 1;
    if (text[next] === ":") keys += 1;
    start = text.indexOf('"', next);
  }
  return keys;
}

/**
 * Looks at every token of a valid JSON text, also at those that JSON.parse lets a later one replace. Problems name
 * the top-level field only: the keys of free-form fields may say who somebody is.
 */
function findHiddenProblem(text: string, bounds: JsonBounds): string | undefined {
  const scanner = createScanner(text, true);
  /** The keys so far of each open object (and, unused, array), outermost first. */
  const open: Set<string>[] = [];
  let topLevelKey: string | undefined;
  let lastString = "";
  let keys = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    switch (text[scanner.getTokenOffset()]) {
      case "{":
      case "[":
        if (open.push(new Set()) > bounds.depth) return `body nests deeper than ${bounds.depth} levels`;
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        if (open.length === 1) topLevelKey = undefined;
        break;
      case '"':
        lastString = scanner.getTokenValue();
        if (!lastString.isWellFormed()) return `${nameOf(topLevelKey)} has half a character (lone surrogate)`;
        break;
      case ":": {
        // So the last string was a key.
        keys += 1;
        if (keys > bounds.keys) return `body has more than ${bounds.keys} keys`;
        const isTopLevel = open.length === 1;
        const problem = problemOfKey(lastString, open.at(-1), isTopLevel);
        if (problem !== undefined) return `${nameOf(topLevelKey)} ${problem}`;
        if (isTopLevel) topLevelKey = lastString;
        break;
      }
      default: // a number, true, false or null
        if (!isExact(Number(scanner.getTokenValue()))) {
          return `${nameOf(topLevelKey)} has a number too large to be exact`;
        }
    }
  }
  return undefined;
}

const nameOf = (topLevelKey: string | undefined) =>
  topLevelKey === undefined ? "body" : quoteKey(topLevelKey);

function problemOfKey(
  key: string,
  siblings: Set<string> | undefined,
  isTopLevel: boolean,
): string | undefined {
  // Whoever copies the object later would set its prototype, or lose the key in silence as z.record does.
  if (key === "__proto__") return 'has the key "__proto__", which is not allowed';
  if (siblings?.has(key)) return isTopLevel ? `has the key ${quoteKey(key)} twice` : "has the same key twice";
  siblings?.add(key);
  return undefined;
}

/** 1e400 would become Infinity and 9007199254740993 …992: not what was sent. Not a number is what is none: true, null. */
const isExact = (value: number): boolean => !(Math.abs(value) > Number.MAX_SAFE_INTEGER);

/** Asked only when the body could not be read. The parser's own words are left out: they quote the body. */
function problemOfUnreadable(body: Uint8Array): string {
  const [first, second, third] = body;
  if (first === undefined) return "body is empty";
  if (first === 0xef && second === 0xbb && third === 0xbf) return "body begins with a byte order mark (BOM)";
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16) return "body is UTF-16; it must be UTF-8";
  // JSON text holds no NUL, and UTF-16 without a mark is half NULs.
  if (body.includes(0)) return "body has NUL bytes (UTF-16, UTF-32 or binary); it must be UTF-8";
  if (!isUtf8(body)) return "body is not UTF-8";
  return "body is not valid JSON";
}

function isUtf8(body: Uint8Array): boolean {
  try {
    utf8.decode(body);
    return true;
  } catch {
    return false;
  }
}
