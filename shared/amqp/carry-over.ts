import type { MessageProperties } from "amqplib";
import { encodedBytes } from "./encoded-bytes.ts";
import type { OutgoingProperties } from "./outgoing-message.ts";
import { ORIGINAL_PREFIX, RISK_HEADERS, RISK_PREFIX } from "./risk-headers.ts";

/** Headers that would send a message elsewhere or that the broker writes; they are kept under another name. */
const SET_ASIDE = new Set(["CC", "BCC", "x-death"]);
/** The broker's count of returns to one queue; means nothing on another. */
const DELIVERY_COUNT = "x-delivery-count";
const TEXT_PROPERTIES = [
  "contentType",
  "contentEncoding",
  "correlationId",
  "replyTo",
  "messageId",
  "type",
  "appId",
] as const;
/** amqplib writes all headers of a message into 64 KiB; ours need some of it. */
const HEADER_BUDGET_BYTES = 48 * 1024;
const LONGEST_TEXT_BYTES = 255;
const MOST_DROPPED_NAMES = 20;

/**
 * The producer's properties and headers for a copy of the message: everything but what would change its way or its
 * life, which is kept as `x-risk-original-…`. A producer's own `x-risk-…` headers are left out; what an earlier copy
 * of ours kept aside is carried on where `isOurs` says that the message is such a copy.
 */
export function carryOver(properties: MessageProperties, isOurs: boolean): OutgoingProperties {
  const headers = new KeptHeaders();
  const { userId, expiration, timestamp, priority } = properties;
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (isOurs && name.startsWith(ORIGINAL_PREFIX)) headers.keep(name, value);
  }
  if (userId !== undefined) headers.keep(`${ORIGINAL_PREFIX}user-id`, userId);
  if (expiration !== undefined) headers.keep(`${ORIGINAL_PREFIX}expiration`, expiration);
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (SET_ASIDE.has(name)) headers.keep(ORIGINAL_PREFIX + name, value);
    else if (name !== DELIVERY_COUNT && !name.toLowerCase().startsWith(RISK_PREFIX))
      headers.keep(name, value);
  }
  const texts = TEXT_PROPERTIES.flatMap((name): [string, string][] => {
    const text = shortText(properties[name]);
    if (text === undefined && properties[name] !== undefined) headers.drop(name);
    return text === undefined ? [] : [[name, text]];
  });
  return {
    ...Object.fromEntries(texts),
    ...(typeof priority === "number" ? { priority } : {}),
    ...(Number.isSafeInteger(timestamp) ? { timestamp: Number(timestamp) } : {}),
    headers: headers.all(),
  };
}

/** A text property as it may be written again: bytes that were no UTF-8 have grown when they were read. */
export function shortText(value: unknown): string | undefined {
  return typeof value === "string" && Buffer.byteLength(value) <= LONGEST_TEXT_BYTES ? value : undefined;
}

/** Collects what can be written again, and the names of what cannot. The first value of a name stays. */
class KeptHeaders {
  readonly #kept = new Map<string, unknown>();
  readonly #dropped: string[] = [];
  #budget = HEADER_BUDGET_BYTES;

  keep(name: string, value: unknown): void {
    if (this.#kept.has(name)) return;
    const bytes = encodedBytes({ [name]: value });
    if (bytes === undefined || bytes > this.#budget) {
      this.drop(name);
      return;
    }
    this.#budget -= bytes;
    this.#kept.set(name, value);
  }

  drop(name: string): void {
    if (this.#dropped.length < MOST_DROPPED_NAMES) this.#dropped.push(name.slice(0, 64));
  }

  all(): Record<string, unknown> {
    const dropped = this.#dropped.length === 0 ? {} : { [RISK_HEADERS.dropped]: this.#dropped.join(", ") };
    return { ...Object.fromEntries(this.#kept), ...dropped };
  }
}
