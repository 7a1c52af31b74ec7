import { createHash } from "node:crypto";
import type { ConsumeMessage } from "amqplib";
import { deadLetterSchema, MOST_REPLAYS, type DeadLetterReason } from "../domain/dead-letter.ts";
import { isWritableInstant, parseInstant } from "../domain/instant.ts";
import { glanceAt } from "../domain/letters/glance.ts";
import type { Letter, LetterReason } from "../domain/letters/letter.ts";
import { countOf, MOST_CALLS, replayIdOf } from "./read-delivery.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

type Headers = Readonly<Record<string, unknown>>;

const REASONS = new Set<unknown>(deadLetterSchema.shape.reason.options);
const LONGEST_TEXT = 1_000;

/**
 * Reads a message of the dead-letter queue. `transactionsExchange`: what comes from there was never taken up by a
 * worker, and its headers are a producer's.
 */
export function readLetter(message: ConsumeMessage, transactionsExchange: string): Letter {
  const { properties, fields, content } = message;
  const headers: Headers = properties.headers ?? {};
  const bodySha256 = createHash("sha256").update(content).digest("hex");
  const isMisrouted = fields.exchange === transactionsExchange;
  const death = isMisrouted ? undefined : deathOf(headers);
  const isOurs = !isMisrouted && death === undefined && isReason(headers[RISK_HEADERS.reason]);
  const said = isOurs ? readOurs(headers) : readForeign(message, isMisrouted, death);
  return {
    ...said,
    // All that makes it another letter than one of the same body before or after it.
    instance: instanceOf([bodySha256, said.reason, said.mark, isOurs ? "" : textOf(properties.messageId)]),
    bodySha256,
    bytes: content.length,
    glance: glanceAt(content),
  };
}

/** What a letter says, and what tells it from others with the same body and reason. */
type Said = Omit<Letter, "instance" | "bodySha256" | "bytes" | "glance"> & { readonly mark: string };

function readOurs(headers: Headers): Said {
  const failedAt = textOf(headers[RISK_HEADERS.failedAt]);
  const instant = parseInstant(failedAt ?? "");
  const replays = countOf(headers[RISK_HEADERS.replays], MOST_REPLAYS);
  const reason = headers[RISK_HEADERS.reason];
  return {
    reason: isReason(reason) ? reason : "unknown",
    detail: textOf(headers[RISK_HEADERS.detail]),
    code: textOf(headers[RISK_HEADERS.code] ?? headers[RISK_HEADERS.cause]),
    attempts: countOf(headers[RISK_HEADERS.attempts], MOST_CALLS),
    replays,
    failedAtMs: instant.ok ? writable(instant.value) : undefined,
    worker: textOf(headers[RISK_HEADERS.worker]),
    replayId: replayIdOf(headers),
    editedAt: textOf(headers[RISK_HEADERS.editedAt]),
    mark: `${failedAt ?? ""} ${replays}`,
  };
}

interface Death {
  readonly reason: string;
  readonly queue: string;
  /** As it is said: it may be no moment that can be shown. */
  readonly atMs: number | undefined;
}

/** Put there by the broker, or by whoever published to this queue. */
function readForeign({ fields, properties }: ConsumeMessage, isMisrouted: boolean, death?: Death): Said {
  const headers: Headers = properties.headers ?? {};
  const key = textOf(fields.routingKey) ?? "";
  return {
    reason: foreignReason(isMisrouted, death),
    detail: foreignDetail(key, isMisrouted, death),
    code: undefined,
    // From a lane it may be a copy of ours, which tells the calls of before.
    attempts: death === undefined ? 0 : countOf(headers[RISK_HEADERS.attempts], MOST_CALLS),
    replays: undefined,
    failedAtMs: writable(death?.atMs),
    worker: undefined,
    replayId: death === undefined ? undefined : replayIdOf(headers),
    editedAt: undefined,
    mark: `${key} ${death?.queue ?? ""} ${death?.atMs ?? properties.timestamp ?? ""}`,
  };
}

function foreignReason(isMisrouted: boolean, death: Death | undefined): LetterReason {
  if (isMisrouted) return "misrouted";
  return death === undefined ? "unknown" : "poisoned";
}

function foreignDetail(key: string, isMisrouted: boolean, death: Death | undefined): string {
  if (isMisrouted) return `no queue takes the routing key "${key}"`;
  if (death === undefined) return "nobody says why it is here";
  return `put here by the broker: ${death.reason} on ${death.queue}`;
}

/** The broker's last word in `x-death`. */
function deathOf(headers: Headers): Death | undefined {
  const deaths = headers["x-death"];
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof last !== "object" || last === null) return undefined;
  const death: Headers = { ...last };
  return {
    reason: textOf(death["reason"]) ?? "",
    queue: textOf(death["queue"]) ?? "",
    atMs: secondsOf(death["time"]),
  };
}

/** A timestamp as amqplib reads it. */
function secondsOf(time: unknown): number | undefined {
  if (typeof time !== "object" || time === null || !("value" in time)) return undefined;
  return typeof time.value === "number" && Number.isSafeInteger(time.value) ? time.value * 1_000 : undefined;
}

/** One letter with an absurd date must not keep the others from being shown. */
const writable = (ms: number | undefined): number | undefined =>
  ms !== undefined && isWritableInstant(ms) ? ms : undefined;

function instanceOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}

const isReason = (value: unknown): value is DeadLetterReason => REASONS.has(value);

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value.slice(0, LONGEST_TEXT) : undefined;
