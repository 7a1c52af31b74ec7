/**
 * How fast one worker replica is on its own, in ms. Measured: a delivery took 12 ms besides its call (the median of 120,
 * 8 in a second, with broker and Redis on the same machine of two busy cores; 10 at least, 28 for one in twenty). How they
 * are divided is an estimate. Servers that are further away take longer.
 */
export const REPLICA_PACE = {
  /** A permit asked of Redis, until its answer is there. */
  PERMIT_MS: 1,
  /** From a permit's start until its call is at the gateway: recorded in Redis, signed, sent. */
  DEPARTURE_MS: 3,
  /** From a delivery to the turnstile, and from an answer to a result that the broker has confirmed. */
  HANDLING_MS: 8,
  /** Until a replica sees that fewer calls are under way: half of the pause that the ledger asks for. */
  CROWDED_MS: 5,
} as const;

/** A transaction that waits for a permit moves aside after so long, and another one is taken up in its place. */
export const PATIENCE_MS = 60_000;

/** Until a replica asks again where it was told to wait: holds and quotas may change. */
const LONGEST_NAP_MS = 1_000;

/** While calls are held, nothing changes for long. */
export const HELD_NAP_MS = 60_000;

/** Whoever waits longer for the first call stood in a backlog. */
export const LATE_MS = 10_000;

/** Until a last call asks again that must not be made now. */
export const SHORTEST_LATER_MS = 50;

/** A timer fires up to a millisecond early, so one more is asked for. */
export const napMs = (ms: number): number => (ms <= 0 ? 0 : Math.min(Math.floor(ms) + 1, LONGEST_NAP_MS));
