import type { ConsumeMessage, MessagePropertyHeaders } from "amqplib";
import { LANES, type Delivery, type Lane } from "../domain/delivery.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

/** More than anybody can have made or counted; a forged or broken number is read as 0. */
const LARGEST_COUNT = 1_000_000;

/** What the handler sees of a message. Headers under `x-risk-` are believed only where we or an operator put them. */
export function readDelivery(message: ConsumeMessage, lane: Delivery["lane"]): Delivery {
  const { properties, fields, content } = message;
  const headers = properties.headers ?? {};
  const originalLane = lane === "waiting" ? laneOf(headers[RISK_HEADERS.lane]) : lane;
  return {
    body: content,
    lane,
    originalLane,
    // The broker sets the header from the first return on; before that it is the producer's.
    deliveryCount: fields.redelivered ? countOf(headers["x-delivery-count"]) : 0,
    replay: originalLane === "replay" ? replayOf(headers) : undefined,
    correlationId: typeof properties.correlationId === "string" ? properties.correlationId : undefined,
  };
}

function replayOf(headers: MessagePropertyHeaders): NonNullable<Delivery["replay"]> {
  return {
    attempts: countOf(headers[RISK_HEADERS.attempts]),
    replays: countOf(headers[RISK_HEADERS.replays]),
  };
}

function laneOf(value: unknown): Lane {
  return LANES.find((lane) => lane === value) ?? "standard";
}

function countOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value)) return 0;
  return value >= 0 && value <= LARGEST_COUNT ? value : 0;
}
