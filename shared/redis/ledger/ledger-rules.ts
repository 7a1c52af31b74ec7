/** A permit is given up when its call has not left this long after its start. */
export const FRESH_FOR_MS = 250;
/** The longest deadline that can be set for a call. */
const LONGEST_TIMEOUT_MS = 60_000;

/**
 * The numbers that the quota ledger judges by. Its scripts have them as locals of the same names, and who shows or
 * simulates the ledger uses the same ones. Durations in ms, unless the name says otherwise.
 */
export const LEDGER_RULES = {
  /** Calls are this part of window/calls apart, for the shortest window. Spacing is not what keeps the quota. */
  PACE: 0.97,
  /** But no further apart than this: a lone call must not wait for nothing. */
  LONGEST_GAP_MS: 250,
  /** How far ahead a start may be promised: replicas line up for the next starts instead of asking again. */
  HORIZON_MS: 500,
  /** Further permits are granted together with one, where they start no later than this from now. */
  TOGETHER_MS: 15,
  /** Who has to wait for a window asks again at any moment of so long after that, for the sake of fairness. */
  ASKED_AGAIN_WITHIN_MS: 250,
  /** No request lives longer than this after its start. */
  LONGEST_LIFE_MS: LONGEST_TIMEOUT_MS + FRESH_FOR_MS,
  /** Added to each logged window, for what the least latency seen may misjudge of the way to the gateway. */
  MARGIN_MS: 5,
  /** The least latency is that of the last one or two of these. */
  LATENCY_PERIOD_MS: 300_000,
  /**
   * Few answers may all have been slow on their way, on a busy machine many: after so many, of all replicas, half of the
   * least latency is believed, after twice as many two thirds …
   */
  ANSWERS_DOUBTED: 50,
  /** … and no more are counted than these. */
  ANSWERS_COUNTED: 1_000,
  /** Windows up to this are judged by the log of calls, longer ones by the number of calls in each second … */
  LONGEST_LOGGED_MS: 60_000,
  /** … and those longer than this by the number in each minute. */
  LONGEST_BY_SECOND_MS: 3_600_000,
  /** Calls are known so many seconds back … */
  SECONDS_KEPT: 3_600 + 120,
  /** … and so many minutes: a little longer than the windows that are judged by them. */
  MINUTES_KEPT: 31 * 1_440 + 10,

  /** After a limit answer a window admits this part of the calls that had arrived when it came … */
  CAP_FIRST: 0.5,
  /** … and so much of them … */
  CAP_AT_LAST: 0.95,
  /** … from then on. */
  CAP_RAMP_MS: 50_000,
  /** A window longer than a minute is not blamed for a limit answer below this part of what it admits. */
  BLAMED_FROM: 0.25,
  /** No call at all for as long as the capped window, and no longer than this: those that came too soon are out of it. */
  LONGEST_PAUSE_MS: 2_000,
  /** Without a limit answer for so long a cap is raised, where strikes allow it … */
  CAP_RAISED_EVERY_MS: 600_000,
  /** … by this part of it, and by one call at least; twice as much each time that no limit answer came of it. */
  CAP_RAISED_BY: 0.05,
  /** So long after a limit answer the brake is on: nobody makes a last call, and fewer are under way at once. */
  BRAKE_MS: 60_000,
  /** A limit answer is a strike for so long. */
  STRIKE_MEMORY_MS: 86_400_000,
  /** Until it is looked again whether calls that may each be the last strike were answered. */
  UNDER_WAY_PAUSE_MS: 10,

  /** After a hold the rate goes from this part of the quota … */
  RAMP_FIRST: 0.1,
  /** … to all of it in this time. */
  RAMP_MS: 60_000,
  /** From the end of a hold, for so long only a transaction without a call may probe. */
  PROBE_RESERVED_MS: 30_000,
  /** Until one that may not probe yet asks again. */
  PROBE_PAUSE_MS: 1_000,
  /** A hold that nobody probes, because nobody wants to call, is forgotten so long after its end. */
  HOLD_KEPT_MS: 604_800_000,

  /** A replica's quota, and the replica itself, count for so long after it was last heard of. */
  QUOTA_MEMORY_MS: 60_000,
  QUOTA_NOTED_EVERY_MS: 10_000,
  /** After a loss of memory, windows up to this are waited out; longer ones go by what the replicas remember. */
  WAITED_OUT_MS: 5_000,
  /** A memory that is so much older than another one does not know what was lifted since. */
  STALE_AFTER_MS: 10_000,
} as const;
