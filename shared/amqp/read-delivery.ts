import type { ConsumeMessage } from "amqplib";
import { MOST_REPLAYS } from "../domain/dead-letter.ts";
import { LANES, type Delivery, type Lane } from "../domain/delivery.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

/** One call and three retries, and as many for each fresh budget that an operator granted: no header is believed more. */
export const MOST_CALLS = 1_000;
const MOST_RETURNS = 1_000_000;
/** As read-letter.ts makes them. */
const INSTANCE = /^[\w-]{22}$/;
const REPLAY_ID = /^[\w.-]{1,64}$/;

/** What the handler sees of a message. Headers under `x-risk-` are believed only where we or an operator put them. */
export function readDelivery(message: ConsumeMessage, lane: Delivery["lane"]): Delivery {
  const { properties, fields, content } = message;
  const headers = properties.headers ?? {};
  const originalLane = lane === "waiting" ? laneOf(headers[RISK_HEADERS.lane]) : lane;
  const isOurCopy = lane === "replay" || lane === "waiting";
  return {
    body: content,
    lane,
    originalLane,
    // The broker counts from the first return on; before that the header is the producer's.
    deliveryCount: fields.redelivered ? Math.max(1, countOf(headers["x-delivery-count"], MOST_RETURNS)) : 0,
    calls: isOurCopy ? countOf(headers[RISK_HEADERS.attempts], MOST_CALLS) : 0,
    replays: originalLane === "replay" ? countOf(headers[RISK_HEADERS.replays], MOST_REPLAYS) : undefined,
    ...(lane === "waiting" && countOf(headers[RISK_HEADERS.upgrade], 1) === 1 ? { isUpgrade: true } : {}),
    ...readReplay(originalLane === "replay" ? headers : {}),
    correlationId: typeof properties.correlationId === "string" ? properties.correlationId : undefined,
  };
}

/** What a replay says of the dead letter that it puts back. */
function readReplay(headers: Readonly<Record<string, unknown>>): Pick<Delivery, "instance" | "forgiven"> {
  const instance = textOf(headers[RISK_HEADERS.instance], INSTANCE);
  // Without the instance nobody could tell whether they were forgiven before.
  if (instance === undefined) return {};
  return { instance, forgiven: countOf(headers[RISK_HEADERS.forgivenCalls], MOST_CALLS) };
}

/** Which run of replays put a message back. */
export const replayIdOf = (headers: Readonly<Record<string, unknown>> | undefined): string | undefined =>
  textOf(headers?.[RISK_HEADERS.replayId], REPLAY_ID);

const textOf = (value: unknown, form: RegExp): string | undefined =>
  typeof value === "string" && form.test(value) ? value : undefined;

function laneOf(value: unknown): Lane {
  return LANES.find((lane) => lane === value) ?? "standard";
}

/** A number, or its digits: some tools write every header as text. What is no count is read as 0. */
export function countOf(value: unknown, most: number): number {
  const count = typeof value === "string" && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isInteger(count) && count > 0 ? Math.min(count, most) : 0;
}
