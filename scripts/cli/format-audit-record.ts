import { formatInstant, isWritableInstant } from "../../shared/domain/instant.ts";
import { boundedLine } from "../../shared/process/bounded-line.ts";
import type { AuditRecord } from "../../shared/redis/audit.ts";
import { lastsUntilResumed } from "../../shared/redis/ledger/operate-ledger.ts";
import { fitRows } from "./fit-rows.ts";

/** Redis keeps no order in JSON. */
const ORDER = [
  "application",
  "gateway",
  "before",
  "after",
  "kind",
  "code",
  "by",
  "untilMs",
  "quota",
  "isSet",
];

/** One act for a person: when, who and what in a line, the rest under it. */
export function formatAuditRecord({ act, by, atMs, reason, details }: AuditRecord): string {
  const head = boundedLine(`${formatInstant(atMs)}  ${act} by ${by}`);
  // A gateway's words may be among them.
  const rows = inOrder(details).map(
    ([name, value]) => [boundedLine(name), boundedLine(describe(value, atMs))] as const,
  );
  return `${head}\n${fitRows([["reason", boundedLine(reason)], ...rows])}\n`;
}

/** "kind operator, code maintenance, until …": whatever an act left there. */
function describe(value: unknown, atMs: number): string {
  if (Array.isArray(value)) return value.map((item) => describe(item, atMs)).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  return inOrder(value)
    .map(([name, part]) => describePart(name, part, atMs))
    .join(", ");
}

function describePart(name: string, part: unknown, atMs: number): string {
  if (name === "isSet") return part === true ? "set by an operator" : "as configured";
  if (name !== "untilMs" || typeof part !== "number" || !isWritableInstant(part))
    return `${name} ${describe(part, atMs)}`;
  return lastsUntilResumed(part - atMs) ? "until it is resumed" : `until ${formatInstant(part)}`;
}

function inOrder(value: object): [name: string, part: unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => rank(a) - rank(b));
}

const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
