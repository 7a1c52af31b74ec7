import { boundedLine } from "./bounded-line.ts";
import { errorFields } from "./error-fields.ts";

/**
 * The only fields a log line can have. A new row must be something that never holds a user id, a device fingerprint,
 * a place, a key or a body.
 */
const FIELDS = {
  // One delivery.
  transactionId: "text",
  verdict: "text",
  reason: "text",
  source: "text",
  calls: "number",
  code: "text",
  ms: "number",
  lane: "text",
  action: "text",
  traceId: "text",
  revision: "number",
  bodySha256: "text",
  deaths: "number",
  // What else happens in a process.
  cause: "text",
  error: "error",
  problem: "text",
  server: "text",
  connection: "text",
  queue: "text",
  hold: "text",
  warning: "text",
  release: "text",
  exitCode: "number",
  port: "number",
  wantedPort: "number",
  retryInMs: "number",
  waitMs: "number",
  period: "text",
  spent: "text",
  budget: "text",
  until: "text",
} as const;

interface Given {
  readonly text: string;
  readonly number: number;
  readonly error: unknown;
}

type Kind = keyof Given;

/** What a log call may tell; undefined leaves a field out. */
export type LogFields = {
  readonly [Field in keyof typeof FIELDS]?: Given[(typeof FIELDS)[Field]] | undefined;
};

/** How a value of each kind is written; undefined where it is not what it should be. */
const KEEP: Readonly<Record<Kind, (value: unknown) => unknown>> = {
  text: (value) => (typeof value === "string" ? boundedLine(value) : undefined),
  number: (value) => (typeof value === "number" ? value : undefined),
  error: (value) => errorFields(value),
};

const KINDS: ReadonlyMap<string, Kind> = new Map(Object.entries(FIELDS));

/** Keeps what the table knows. A caller whose object holds more, as types allow, logs nothing more. */
export function allowedFields(fields: LogFields): Record<string, unknown> {
  const allowed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    const kind = KINDS.get(field);
    if (kind !== undefined && value !== undefined) allowed[field] = KEEP[kind](value);
  }
  return allowed;
}
