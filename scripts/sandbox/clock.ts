/** The two clocks of a gateway: one that only runs forward, to count calls by, and the time of day. */
export interface Clock {
  /** Milliseconds since some fixed moment, with fractions; never set back. */
  monotonicMs(): number;
  /** Milliseconds since the epoch. */
  wallMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
