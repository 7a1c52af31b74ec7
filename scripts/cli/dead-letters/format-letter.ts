import { ORIGINAL_PREFIX, RISK_PREFIX } from "../../../shared/amqp/risk-headers.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import { maskBody } from "../../../shared/domain/letters/mask-body.ts";
import { boundedLine } from "../../../shared/process/bounded-line.ts";
import { escapeHidden } from "../../../shared/process/escape-hidden.ts";
import { fitRows } from "../fit-rows.ts";
import type { AssessedLetter } from "./assess-letters.ts";
import { describeProspect } from "./describe-prospect.ts";
import { letterJson, letterRows } from "./format-list.ts";

const MASK = "***";
const HARMLESS = new Set([
  "messageId",
  "contentType",
  "contentEncoding",
  "deliveryMode",
  "timestamp",
  "x-death",
  "x-delivery-count",
]);

/** How much of a letter may be seen. */
export interface Sight {
  /** Personal data, too. */
  readonly isRevealed: boolean;
  /** Messages on the queue that are this letter. */
  readonly messages: number;
}

/** Everything about one letter, for a person. */
export function formatLetter(assessed: AssessedLetter, sight: Sight): string {
  const { letter, past, prospect } = assessed;
  const copies = sight.messages > 1 ? [["copies", String(sight.messages - 1)] as const] : [];
  const rows = [...letterRows(letter), ...copies, ...pastRows(past)] as const;
  const headers = Object.entries(headersOf(assessed, sight)).map(
    ([name, value]) =>
      [boundedLine(name), boundedLine(typeof value === "string" ? value : JSON.stringify(value))] as const,
  );
  return [
    fitRows([...rows, ["on replay", boundedLine(describeProspect(prospect))]]),
    headers.length === 0 ? "" : `headers and properties\n${fitRows(headers)}`,
    `body, ${letter.bytes} bytes\n${bodyText(assessed, sight)}`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The same for programs. */
export function letterDetailsJson(assessed: AssessedLetter, sight: Sight) {
  const { letter, past, prospect, read } = assessed;
  return {
    ...letterJson(letter),
    copies: sight.messages - 1,
    history:
      past === undefined
        ? null
        : {
            outcome: past.kind ?? null,
            calls: past.calls,
            forgivenCalls: past.forgiven,
            replays: past.replays,
            firstTakenUpAt: past.firstAtMs === undefined ? null : formatInstant(past.firstAtMs),
            callsAt: past.sentAtMs.map(formatInstant),
          },
    onReplay: { ...prospect, says: describeProspect(prospect) },
    headers: headersOf(assessed, sight),
    body: sight.isRevealed ? read.message.content.toString() : (maskBody(read.message.content) ?? null),
  };
}

function pastRows(past: AssessedLetter["past"]): (readonly [string, string])[] {
  if (past === undefined) return [["journal", "knows nothing of it"]];
  const { kind, calls, forgiven, replays, sentAtMs } = past;
  const outcome = kind ?? "no outcome: worked on, or waiting";
  const again = replays === 0 ? "" : `, ${replays} replays`;
  const fresh = forgiven === 0 ? "" : `, ${forgiven} of them forgiven`;
  return [
    ["journal", `${outcome}; ${calls} calls${fresh}${again}`],
    ...sentAtMs.map((ms, index) => [index === 0 ? "calls made at" : "", formatInstant(ms)] as const),
  ];
}

/** Ours say nothing of a person; a producer's may. */
function headersOf({ read }: AssessedLetter, { isRevealed }: Sight): Record<string, unknown> {
  const { headers, ...properties }: Record<string, unknown> = { ...read.message.properties };
  const all = Object.entries<unknown>({ ...properties, ...(isTable(headers) ? headers : {}) });
  return Object.fromEntries(
    all
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isRevealed || isHarmless(name) ? value : MASK]),
  );
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isHarmless = (name: string): boolean =>
  (name.startsWith(RISK_PREFIX) && !name.startsWith(ORIGINAL_PREFIX)) || HARMLESS.has(name);

function bodyText({ read }: AssessedLetter, { isRevealed }: Sight): string {
  const { content } = read.message;
  if (isRevealed) return `${printable(content.toString())}\n`;
  const masked = maskBody(content);
  if (masked === undefined) return "no JSON object: not shown (--reveal shows it)\n";
  return `${printable(JSON.stringify(masked, undefined, 2))}\n`;
}

/** A terminal must not obey what somebody wrote. */
const printable = (text: string): string => escapeHidden(text).replaceAll(/[^\P{C}\n\t]/gu, "\u{fffd}");
