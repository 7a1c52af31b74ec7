import type { ConsumeMessage, ConsumeMessageFields, MessageProperties } from "amqplib";

const NO_PROPERTIES: MessageProperties = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: {},
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};

/** A message as amqplib hands it over. */
export function incoming(parts: {
  readonly body?: string;
  readonly properties?: Partial<MessageProperties>;
  readonly fields?: Partial<ConsumeMessageFields>;
}): ConsumeMessage {
  return {
    content: Buffer.from(parts.body ?? "{}"),
    properties: { ...NO_PROPERTIES, ...parts.properties },
    fields: {
      deliveryTag: 1,
      redelivered: false,
      exchange: "e",
      routingKey: "k",
      consumerTag: "c",
      ...parts.fields,
    },
  };
}
