/** The ways a transaction comes in: one queue and one routing key each. */
export const LANES = ["urgent", "standard", "replay"] as const;
export type Lane = (typeof LANES)[number];

/** One message taken from the broker, as the handler sees it. */
export interface Delivery {
  readonly body: Uint8Array;
  /** The queue it was taken from; "waiting" for one that was moved there. */
  readonly lane: Lane | "waiting";
  /** The lane it came in by; differs from `lane` only for one from the waiting queue. */
  readonly originalLane: Lane;
  /** How often it came back to its queue unsettled. */
  readonly deliveryCount: number;
  /** API calls made so far, as a dead letter or a waiting copy of ours tells; 0 where only a producer speaks. */
  readonly calls: number;
  /** How often it was replayed before, as its dead letter tells; undefined for what is no replay. */
  readonly replays: number | undefined;
  /** Its fallback has been told; what is wanted is the true score, as revision 2. */
  readonly isUpgrade?: boolean;
  /** Which dead letter a replay puts back, where it says so. */
  readonly instance?: string | undefined;
  /** Calls that do not count against a replay's limit: an operator said so. */
  readonly forgiven?: number;
  /** The producer's, opaque; comes back with the result. */
  readonly correlationId: string | undefined;
}

/** It was in the waiting queue at least once. */
export const hasWaited = ({ lane }: Delivery): boolean => lane === "waiting";

/**
 * The stay of a delivery with one worker. Whatever waits on its behalf looks at the clock: no timer is armed for a
 * delivery that waits for nothing.
 */
export interface Hand {
  /** Fires when the delivery goes back to the broker. */
  readonly signal: AbortSignal;
  /** No wait goes on after that; monotonic milliseconds. */
  readonly untilMs: number;
}

/**
 * No delivery is in hand for longer, or the broker would close its channel one day. Exempt is what was paid for: an answer
 * that cannot be stored, or a ban that cannot be told, because Redis is away; and all that a blocked broker does not take.
 */
export const LONGEST_IN_HAND_MS = 300_000;

/**
 * How long anything on behalf of a delivery is waited for: the rest is for the last call (a minute at the longest
 * setting), for storing and for publishing.
 */
export const IN_HAND_MS = 230_000;
