import type { MessageName } from "./channels.ts";
import {
  EXAMPLE_BAD_BODY,
  EXAMPLE_DEAD_LETTER_HEADERS,
  EXAMPLE_RESULT,
  EXAMPLE_RESULT_HEADERS,
  EXAMPLE_TRANSACTION,
} from "./example-messages.ts";

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const PRODUCERS_BYTES = {
  description: "The producer's body, byte for byte: where the reason is malformed it may be anything.",
};

/**
 * The messages of the AsyncAPI document. AMQP's own properties are no headers, and its binding knows few of them:
 * they are an extension of ours.
 */
export const MESSAGES: Readonly<Record<MessageName, Readonly<Record<string, unknown>>>> = {
  transaction: {
    title: "Transaction",
    contentType: "application/json",
    description:
      "Headers x-risk-… are ignored, except on the replay lane. reply-to is never followed: the result goes to the results exchange.",
    headers: { type: "object" },
    payload: schema("transaction"),
    "x-amqp-properties": {
      "content-type": "application/json",
      "delivery-mode": "2: persistent",
      "message-id": "the transactionId, where you can set it",
      "correlation-id": "yours; comes back with the result",
    },
    examples: [{ name: "payment", payload: EXAMPLE_TRANSACTION }],
  },
  result: {
    title: "Result",
    contentType: "application/json",
    description: "At least once: ignore a pair of transactionId and revision that was seen.",
    headers: schema("resultHeaders"),
    payload: schema("result"),
    "x-amqp-properties": {
      "content-type": "application/json",
      "delivery-mode": "2: persistent",
      "message-id": "the transactionId",
      "correlation-id": "as the transaction brought it",
    },
    examples: [{ name: "review", headers: EXAMPLE_RESULT_HEADERS, payload: EXAMPLE_RESULT }],
  },
  deadLetter: {
    title: "Dead letter of a worker",
    description:
      "The producer's message, its properties and its headers, with headers that say what happened.",
    headers: schema("deadLetterHeaders"),
    payload: PRODUCERS_BYTES,
    "x-amqp-properties": {
      "delivery-mode": "2: persistent",
      "user-id, expiration, CC, BCC, x-death": "not set again: headers x-risk-original-…",
      "all others": "as the producer set them",
    },
    examples: [{ name: "nothingToPay", headers: EXAMPLE_DEAD_LETTER_HEADERS, payload: EXAMPLE_BAD_BODY }],
  },
  returnedTransaction: {
    title: "Dead letter of the broker",
    description:
      "The producer's message as it was published: under a wrong routing key, or given up by the broker (a backstop that nothing should meet).",
    headers: { type: "object" },
    payload: PRODUCERS_BYTES,
    examples: [{ name: "wrongKey", payload: EXAMPLE_TRANSACTION }],
  },
};
