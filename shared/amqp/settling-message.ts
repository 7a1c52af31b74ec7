import { createHash } from "node:crypto";
import type { ConsumeMessage } from "amqplib";
import type { DeadLetter } from "../domain/dead-letter.ts";
import type { Delivery } from "../domain/delivery.ts";
import type { Disposition } from "../domain/disposition.ts";
import { isGatewaysCode } from "../domain/failure.ts";
import type { BrokerNames } from "./broker-names.ts";
import { carryOver, shortText } from "./carry-over.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { replayIdOf } from "./read-delivery.ts";
import { resultHeaders } from "./result-headers.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

/** What has to be safe with the broker before the delivery is acked; giving it back needs no message. */
export type Publishable = Exclude<Disposition, { action: "give-back" }>;

/** The messages that a disposition makes of a delivery, in the order in which the broker must have them. */
export function settlingMessages(
  disposition: Publishable,
  delivery: Delivery,
  message: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage[] {
  switch (disposition.action) {
    case "complete": {
      const { result, isToBeUpgraded = false } = disposition;
      const told = resultMessage(disposition, message.properties.correlationId, names);
      if (!isToBeUpgraded) return [told];
      // The copy says that the fallback was told: a crash in between must leave none.
      return [told, waitingMessage(result.attempts, { ...delivery, isUpgrade: true }, message, names)];
    }
    case "dead-letter":
      return [deadLetterMessage(disposition.deadLetter, delivery, message, names)];
    case "wait":
      return [waitingMessage(disposition.calls, delivery, message, names)];
  }
}

/** A result as payment systems get it; the correlation id goes back as it came, where it can be written. */
export function resultMessage(
  {
    result,
    rail,
    merchantId,
  }: Pick<Extract<Disposition, { action: "complete" }>, "result" | "rail" | "merchantId">,
  producersCorrelationId: unknown,
  names: BrokerNames,
): OutgoingMessage {
  const correlationId = shortText(producersCorrelationId);
  return {
    exchange: names.exchanges.results,
    routingKey: `result.${result.verdict}`,
    body: Buffer.from(JSON.stringify(result)),
    properties: {
      contentType: "application/json",
      messageId: result.transactionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      headers: resultHeaders(rail, merchantId, result.source),
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
        ...codeHeader(deadLetter.code),
        [RISK_HEADERS.attempts]: deadLetter.attempts,
        [RISK_HEADERS.replays]: deadLetter.replays,
        [RISK_HEADERS.failedAt]: deadLetter.failedAt,
        [RISK_HEADERS.worker]: deadLetter.worker,
        [RISK_HEADERS.bodySha256]: createHash("sha256").update(content).digest("hex"),
        ...replayIdHeader(properties, delivery),
      },
    },
  };
}

function codeHeader(code: string | undefined): Readonly<Record<string, string>> {
  if (code === undefined) return {};
  return { [isGatewaysCode(code) ? RISK_HEADERS.code : RISK_HEADERS.cause]: code };
}

function waitingMessage(
  calls: number,
  delivery: Delivery,
  { content, properties }: ConsumeMessage,
  names: BrokerNames,
): OutgoingMessage {
  const kept = carryOver(properties, isOurCopy(delivery));
  const { replays, originalLane, isUpgrade = false, instance, forgiven = 0 } = delivery;
  return {
    exchange: "", // the default exchange: straight onto the queue
    routingKey: names.waiting,
    body: content,
    properties: {
      ...kept,
      headers: {
        ...kept.headers,
        [RISK_HEADERS.lane]: originalLane,
        [RISK_HEADERS.attempts]: calls,
        ...(replays === undefined ? {} : { [RISK_HEADERS.replays]: replays }),
        ...(isUpgrade ? { [RISK_HEADERS.upgrade]: 1 } : {}),
        ...(instance === undefined ? {} : { [RISK_HEADERS.instance]: instance }),
        ...(forgiven === 0 ? {} : { [RISK_HEADERS.forgivenCalls]: forgiven }),
        ...replayIdHeader(properties, delivery),
      },
    },
  };
}

/** A run of replays knows by it what it has put back itself. */
function replayIdHeader(
  { headers }: ConsumeMessage["properties"],
  { originalLane }: Delivery,
): Record<string, string> {
  const replayId = originalLane === "replay" ? replayIdOf(headers) : undefined;
  return replayId === undefined ? {} : { [RISK_HEADERS.replayId]: replayId };
}

/** Only an operator publishes to the replay lane, and only we to the waiting queue. */
const isOurCopy = ({ lane }: Delivery): boolean => lane === "replay" || lane === "waiting";
