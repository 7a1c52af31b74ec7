import type { Options } from "amqplib";

/** A message to publish. Persistence, `mandatory` and the confirm are the publisher's business. */
export interface OutgoingMessage {
  /** The empty text is the default exchange, where the routing key names the queue. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: OutgoingProperties;
}

/** Nothing that would change a message's way or its life. */
export interface OutgoingProperties extends Pick<
  Options.Publish,
  | "contentType"
  | "contentEncoding"
  | "priority"
  | "correlationId"
  | "replyTo"
  | "messageId"
  | "timestamp"
  | "type"
  | "appId"
> {
  readonly headers?: Readonly<Record<string, unknown>>;
}
