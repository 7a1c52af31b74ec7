import { hasWaited, IN_HAND_MS, type Delivery, type Lane } from "./delivery.ts";

/** How a transaction stands in the queue for calls. */
export interface Urgency {
  /** 0 goes first, 9 last. */
  readonly priority: number;
  /** Until then its calls may wait, for a permit or for their time; monotonic milliseconds. */
  readonly waitsUntilMs: number;
  /** Whether a wait that is known to outlast this sends it away at once. */
  readonly leavesWhenHeld: boolean;
}

/** Who has it yields to all others, however long it has waited. */
export const YIELDING_PRIORITY = 9;

const PRIORITY: Readonly<Record<Lane, number>> = { urgent: 1, standard: 5, replay: 8 };
/** On a lane, others wait behind it: it moves to the waiting queue earlier. From there it goes to that queue's end. */
const ON_LANE_MS = 60_000;

/** Of a delivery that was taken at `takenAtMs`, in monotonic milliseconds. */
export function urgencyOf(delivery: Delivery, takenAtMs: number): Urgency {
  const isFromWaiting = hasWaited(delivery);
  return {
    priority: PRIORITY[delivery.originalLane],
    waitsUntilMs: takenAtMs + (isFromWaiting ? IN_HAND_MS : ON_LANE_MS),
    leavesWhenHeld: !isFromWaiting,
  };
}
