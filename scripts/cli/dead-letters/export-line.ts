import type { LetterMessage } from "../../../shared/amqp/letters-in-hand.ts";
import { isUtf8 } from "node:buffer";
import { formatJsonLine } from "../format-json.ts";

/**
 * A message as one line of JSON that nothing is lost in: the body as text where it is UTF-8, else as base64; what JSON
 * does not know of headers is written as `{"$bytes": base64}` and `{"$number": "NaN"}`.
 */
export function exportLine(instance: string, { content, fields, properties }: LetterMessage): string {
  const body = isUtf8(content) ? { body: content.toString() } : { bodyBase64: content.toString("base64") };
  const { exchange, routingKey } = fields;
  const { headers, ...others }: Record<string, unknown> = { ...properties };
  const line = {
    v: 1,
    letter: instance,
    exchange,
    routingKey,
    properties: writable(others),
    headers: writable(headers),
    ...body,
  };
  return formatJsonLine(line);
}

function writable(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (typeof value === "bigint") return { $number: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (Buffer.isBuffer(value)) return { $bytes: value.toString("base64") };
  if (Array.isArray(value)) return value.map(writable);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, writable(inner)]));
}
