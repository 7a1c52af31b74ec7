import type { OutgoingMessage } from "../../../shared/amqp/outgoing-message.ts";
import { LONGEST_TRANSACTION, transactionSchema } from "../../../shared/domain/transaction.ts";

/** The message of a body, good or bad, with the transaction's id as the message's where it names a usable one. */
export function messageOf(body: Buffer, target: { exchange: string; routingKey: string }): OutgoingMessage {
  const messageId = transactionIdOf(body);
  return {
    ...target,
    body,
    properties: { contentType: "application/json", ...(messageId === undefined ? {} : { messageId }) },
  };
}

function transactionIdOf(body: Buffer): string | undefined {
  // Malformed, whatever id it names.
  if (body.length > LONGEST_TRANSACTION) return undefined;
  const written = parseJson(body.toString());
  if (typeof written !== "object" || written === null || !("transactionId" in written)) return undefined;
  return transactionSchema.shape.transactionId.safeParse(written.transactionId).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
