const MEANING = {
  unroutable: "no queue is bound for it",
  nacked: "the broker refused it (queue full, or without a majority)",
  "timed-out": "the broker did not confirm it in time",
  "connection-lost": "the connection was lost before the broker confirmed it",
  unencodable: "it cannot be written in AMQP",
  closed: "the publisher is closed",
} as const;

/** Why a message is not known to be safe with the broker; except for the last two, publishing it again may help. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly kind: keyof typeof MEANING;

  constructor(kind: keyof typeof MEANING, target: string, cause?: unknown) {
    super(`${target}: ${MEANING[kind]}`, { cause });
    this.kind = kind;
  }
}
