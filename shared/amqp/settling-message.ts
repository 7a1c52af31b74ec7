import { createHash } from "node:crypto";
import type { ConsumeMessage } from "amqplib";
import type { DeadLetter } from "../domain/dead-letter.ts";
import type { Delivery } from "../domain/delivery.ts";
import type { Disposition } from "../domain/disposition.ts";
import type { BrokerNames } from "./broker-names.ts";
import { carryOver, shortText } from "./carry-over.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

/** What has to be safe with the broker before the delivery is acked; giving it back needs no message. */
export type Publishable = Exclude<Disposition, { action: "give-back" }>;

/** The message that a disposition makes of a delivery. */
export function settlingMessage(
  disposition: Publishable,
  delivery: Delivery,
  message: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage {
  switch (disposition.action) {
    case "complete":
      return resultMessage(disposition, message, names);
    case "dead-letter":
      return deadLetterMessage(disposition.deadLetter, delivery, message, names);
    case "wait":
      return waitingMessage(delivery, message, names);
  }
}

function resultMessage(
  { result, rail, merchantId }: Extract<Disposition, { action: "complete" }>,
  { properties }: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage {
  const correlationId = shortText(properties.correlationId);
  return {
    exchange: names.exchanges.results,
    routingKey: `result.${result.verdict}`,
    body: Buffer.from(JSON.stringify(result)),
    properties: {
      contentType: "application/json",
      messageId: result.transactionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      headers: { rail, ...(merchantId === undefined ? {} : { merchantId }), source: result.source },
    },
  };
}

function deadLetterMessage(
  deadLetter: DeadLetter,
  delivery: Delivery,
  { content, properties }: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage {
  const kept = carryOver(properties, isOurCopy(delivery));
  return {
    exchange: names.exchanges.deadLetters,
    routingKey: deadLetter.reason,
    body: content,
    properties: {
      ...kept,
      headers: {
        ...kept.headers,
        [RISK_HEADERS.reason]: deadLetter.reason,
        [RISK_HEADERS.detail]: deadLetter.detail,
        ...(deadLetter.code === undefined ? {} : { [RISK_HEADERS.code]: deadLetter.code }),
        [RISK_HEADERS.attempts]: deadLetter.attempts,
        [RISK_HEADERS.replays]: deadLetter.replays,
        [RISK_HEADERS.failedAt]: deadLetter.failedAt,
        [RISK_HEADERS.worker]: deadLetter.worker,
        [RISK_HEADERS.bodySha256]: createHash("sha256").update(content).digest("hex"),
      },
    },
  };
}

function waitingMessage(
  delivery: Delivery,
  { content, properties }: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage {
  const kept = carryOver(properties, isOurCopy(delivery));
  const { replay } = delivery;
  return {
    exchange: "", // the default exchange: straight onto the queue
    routingKey: names.waiting,
    body: content,
    properties: {
      ...kept,
      headers: {
        ...kept.headers,
        [RISK_HEADERS.lane]: delivery.originalLane,
        ...(replay === undefined
          ? {}
          : { [RISK_HEADERS.attempts]: replay.attempts, [RISK_HEADERS.replays]: replay.replays }),
      },
    },
  };
}

/** Only an operator publishes to the replay lane, and only we to the waiting queue. */
const isOurCopy = ({ lane }: Delivery): boolean => lane === "replay" || lane === "waiting";
