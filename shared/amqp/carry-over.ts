import type { MessageProperties } from "amqplib";
import { encodedBytes } from "./encoded-bytes.ts";
import type { OutgoingProperties } from "./outgoing-message.ts";
import { ORIGINAL_PREFIX, RISK_HEADERS, RISK_PREFIX } from "./risk-headers.ts";

/** amqplib's properties as they are: anything a producer could send. */
type Received = Readonly<Record<keyof MessageProperties, unknown>>;

/** What would send a copy elsewhere, end its life, cost the channel, or is the broker's to write. */
const SET_ASIDE = new Set(["user-id", "expiration", "reply-to", "CC", "BCC", "x-death"]);
/** A reply-to that only its own connection may use: on any other it costs the channel. */
const DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";
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
  const kept = new KeptHeaders();
  const headers = Object.entries<unknown>(properties.headers ?? {});
  for (const [name, value] of headers) {
    if (isOurs && name.startsWith(ORIGINAL_PREFIX)) kept.keep(name, value);
  }
  for (const [name, value] of [...setAside(properties), ...headers]) {
    if (SET_ASIDE.has(name)) kept.keep(ORIGINAL_PREFIX + name, value);
    else if (name !== DELIVERY_COUNT && !isRiskHeader(name)) kept.keep(name, value);
  }
  const texts = textProperties(properties, (name) => kept.drop(name));
  return { ...texts, ...numberProperties(properties), headers: kept.all() };
}

/** Properties that are kept as headers, under their AMQP names. */
function setAside({ userId, expiration, replyTo }: Received): [name: string, value: unknown][] {
  const values: [string, unknown][] = [
    ["user-id", userId],
    ["expiration", expiration],
    ["reply-to", replyTo === DIRECT_REPLY_TO ? replyTo : undefined],
  ];
  return values.filter(([, value]) => value !== undefined);
}

const isRiskHeader = (name: string): boolean => name.toLowerCase().startsWith(RISK_PREFIX);

function textProperties(properties: Received, onUnwritable: (name: string) => void): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of TEXT_PROPERTIES) {
    const value = properties[name];
    const text = shortText(value);
    if (text === undefined && value !== undefined) onUnwritable(name);
    if (text !== undefined && text !== DIRECT_REPLY_TO) texts[name] = text;
  }
  return texts;
}

function numberProperties({ priority, timestamp }: Received): { priority?: number; timestamp?: number } {
  return {
    ...(typeof priority === "number" ? { priority } : {}),
    ...(typeof timestamp === "number" && Number.isSafeInteger(timestamp) ? { timestamp } : {}),
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
