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
  /** What a dead letter brought back on the replay lane, waiting included; undefined on every other lane. */
  readonly replay: { readonly attempts: number; readonly replays: number } | undefined;
  /** The producer's, opaque; comes back with the result. */
  readonly correlationId: string | undefined;
}
