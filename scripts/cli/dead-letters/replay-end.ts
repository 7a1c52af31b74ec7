import type { BatchOutcome } from "../../../shared/domain/letters/canary.ts";
import { formatDuration } from "../format-duration.ts";

/** How a replay ended. */
export interface ReplayEnd {
  readonly state: "finished" | "stopped" | "paused";
  readonly says: string;
}

/** Ends a run from within. */
export class Ending extends Error {
  readonly end: ReplayEnd;

  constructor(end: ReplayEnd) {
    super(end.says);
    this.end = end;
  }
}

/** A batch was put back in vain. `lastFailure`: why the last one failed again. */
export function stoppedBy(
  { answered, fallbacks, failed }: BatchOutcome,
  lastFailure: string | undefined,
): ReplayEnd {
  const all = answered + fallbacks + failed;
  const parts = [
    ...(failed > 0 ? [`${failed} of ${all} failed again (${lastFailure ?? "unknown"})`] : []),
    ...(fallbacks > 0
      ? [`${fallbacks} of ${all} got a fallback, no score (is the budget spent? riskline spend)`]
      : []),
  ];
  return { state: "stopped", says: `stopped: ${parts.join(", ")}; mend the cause, or --keep-going` };
}

/** Nothing moved for so long. */
export function pausedAfter(patienceMs: number, waiting: number, why: string): ReplayEnd {
  return {
    state: "paused",
    says: `paused: ${waiting} wait for an outcome, and for ${formatDuration(patienceMs)} (--patience) there was none, nor any call: ${why}`,
  };
}

/** What can be seen where nothing moves. */
export interface Standstill {
  /** Why calls are held, where they are. */
  readonly held: string | undefined;
  /** Workers that take from the replay lane. */
  readonly consumers: number;
  /** The largest part of a window of the quota that is used. */
  readonly quotaUsed: number;
}

/** From there on, what is left over for the replay lane is hardly anything. */
const FULL = 0.9;

/** Why nothing moves, as far as it can be seen, and what to do. */
export function whyNothingMoves({ held, consumers, quotaUsed }: Standstill): string {
  const causes = [
    ...(consumers === 0 ? ["no worker takes from the replay lane: start one (riskline worker)"] : []),
    ...(held === undefined ? [] : [`calls are held: ${held}`]),
    ...(held === undefined && consumers > 0 && quotaUsed >= FULL
      ? [
          "the quota is used up, and the replay lane goes last: go on when there is less live traffic, or with a longer --patience",
        ]
      : []),
  ];
  if (causes.length > 0) return causes.join("; ");
  return (
    "workers run, calls are not held, and the quota has room now: they wait for a retry, or live traffic used the quota " +
    "until now (riskline status); go on with a longer --patience"
  );
}
