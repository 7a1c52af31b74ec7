import type { ChannelModel } from "amqplib";
import { PRECONDITION_FAILED, refusalOf } from "./refusal-of.ts";

/** What Riskline asks of a broker: no message over 1 MiB. */
export const WANTED_LIMIT_BYTES = 1_048_576;

/** The largest message that the broker takes, as far as one that is just too large tells. */
export type MessageLimit =
  { readonly kind: "over-wanted" } | { readonly kind: "bytes"; readonly bytes: number };

/**
 * Publishes one byte too much to an exchange that does not exist: RabbitMQ looks at the size before it looks for the
 * exchange, so the message goes nowhere either way, and the reason says whether it was too large.
 */
export async function probeMessageLimit(model: ChannelModel, namespace: string): Promise<MessageLimit> {
  const refusal = await refusalOf(model, (channel) => {
    channel.publish(`${namespace}.doctor-no-exchange`, "", Buffer.alloc(WANTED_LIMIT_BYTES + 1));
    return new Promise<never>(() => undefined);
  });
  if (refusal?.code !== PRECONDITION_FAILED) return { kind: "over-wanted" };
  // "message size 1048577 is larger than configured max size 1048576"
  const [, bytes] = /max size (\d+)/.exec(refusal.text) ?? [];
  return { kind: "bytes", bytes: bytes === undefined ? WANTED_LIMIT_BYTES : Number(bytes) };
}
