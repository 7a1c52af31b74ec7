/**
 * The numbers that the quota ledger judges by. Its scripts have them as locals of the same names, and who shows the
 * ledger explains it by the same ones. Durations in ms.
 */
export const LEDGER_RULES = {
  /** Calls are this part of window/calls apart, for the shortest window. Spacing is not what keeps the quota. */
  PACE: 0.97,
  /** But no further apart than this: a lone call must not wait for nothing. */
  LONGEST_GAP_MS: 250,
  /** How far ahead a start may be promised: replicas line up for the next starts instead of asking again. */
  HORIZON_MS: 500,
  /** Added to each logged window, for what the least latency seen may misjudge of the way to the gateway. */
  MARGIN_MS: 5,
  /** Windows up to this are judged by the log of calls, longer ones by the number of calls in each second … */
  LONGEST_LOGGED_MS: 60_000,
  /** … and those longer than this by the number in each minute. */
  LONGEST_BY_SECOND_MS: 3_600_000,
  /** The full rate is back so long after a limit answer. */
  BRAKE_RELEASE_MS: 60_000,
  /** A limit answer is a strike for so long. */
  STRIKE_MEMORY_MS: 86_400_000,
  /** Until it is looked again whether calls that may each be the last strike were answered. */
  UNDER_WAY_PAUSE_MS: 50,
  /** A replica's quota counts for so long after its last request. */
  QUOTA_MEMORY_MS: 60_000,
  /** From the end of a hold, for so long only a transaction without a call may probe. */
  PROBE_RESERVED_MS: 30_000,
  /** Until one that may not probe yet asks again. */
  PROBE_PAUSE_MS: 1_000,
} as const;

/**
 * What the ledger's scripts begin with: the rules, Redis' clock in ms (`now`), and how a moment is written (`exact`).
 * On one line, so that Redis' error messages count the lines of the script's own file.
 */
export const LEDGER_PRELUDE = [
  ...Object.entries(LEDGER_RULES).map(([name, value]) => `local ${name} = ${value}`),
  "local time = redis.call('TIME')",
  "local now = time[1] * 1000 + time[2] / 1000",
  "local function exact(moment) return string.format('%.3f', moment) end",
].join(" ");
