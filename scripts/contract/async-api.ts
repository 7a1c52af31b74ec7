import { channels, NAMESPACE, type MessageName } from "./channels.ts";
import { deadLetterHeadersJsonSchema } from "./dead-letter-headers-json-schema.ts";
import { fieldOf, type JsonSchema } from "./json-schema.ts";
import { MESSAGES } from "./messages.ts";
import { resultJsonSchema } from "./result-json-schema.ts";
import { transactionJsonSchema } from "./transaction-json-schema.ts";

const DESCRIPTION = `Payment systems publish transactions, and bind queues to the results.

Every name begins with the namespace, \`${NAMESPACE}\` unless \`NAMESPACE\` says otherwise. Workers declare all of it; a producer or
consumer declares nothing but queues of its own. Publish persistent and mandatory, and wait for the broker's confirm: what is not
confirmed may be lost.`;

/** The contract as an AsyncAPI 3.0 document, from the same schemas and topology that the workers use. */
export function asyncApi(): Record<string, unknown> {
  return {
    asyncapi: "3.0.0",
    info: { title: "Riskline", version: "1.0.0", description: DESCRIPTION },
    defaultContentType: "application/json",
    servers: {
      broker: {
        host: "localhost:5672",
        protocol: "amqp",
        protocolVersion: "0-9-1",
        description: "RabbitMQ 3.10 or 4.x, where AMQP_URL says; amqps for TLS.",
      },
    },
    channels: channels(),
    operations: OPERATIONS,
    components: { messages: MESSAGES, schemas: schemas() },
  };
}

const operation = (
  action: "send" | "receive",
  { channel, messages, summary }: { channel: string; messages: readonly MessageName[]; summary: string },
) => ({
  action,
  channel: { $ref: `#/channels/${channel}` },
  summary,
  messages: messages.map((message) => ({ $ref: `#/channels/${channel}/messages/${message}` })),
  bindings: {
    amqp: {
      deliveryMode: 2,
      mandatory: true,
      ...(action === "receive" ? { ack: true } : {}),
      bindingVersion: "0.3.0",
    },
  },
});

/** As AsyncAPI has it, from Riskline's side: what it receives, a producer sends. */
const OPERATIONS = {
  receiveTransaction: operation("receive", {
    channel: "transactions",
    messages: ["transaction"],
    summary: "Takes a transaction; acks it once its outcome is confirmed by the broker.",
  }),
  sendResult: operation("send", {
    channel: "results",
    messages: ["result"],
    summary: "The verdict on a transaction, at least once, always with the same content.",
  }),
  sendDeadLetter: operation("send", {
    channel: "deadLetters",
    messages: ["deadLetter"],
    summary: "A transaction that cannot be scored, and why; at least once.",
  }),
};

function schemas(): Record<string, JsonSchema> {
  const transaction = transactionJsonSchema();
  const result = resultJsonSchema();
  return {
    transaction: embedded(transaction),
    result: embedded(result),
    resultHeaders: {
      type: "object",
      description: "To filter by.",
      properties: {
        rail: fieldOf(transaction, "rail"),
        merchantId: fieldOf(transaction, "merchantId"),
        source: fieldOf(result, "source"),
      },
      required: ["rail", "source"],
    },
    deadLetterHeaders: embedded(deadLetterHeadersJsonSchema()),
  };
}

/** As a part of the document: what identifies a file of its own is left out. */
function embedded({ $schema: _schema, $id: _id, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
