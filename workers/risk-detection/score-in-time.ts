import { dueInMs } from "../../shared/domain/deadline.ts";
import type { Scoring } from "../../shared/domain/scoring.ts";
import type { HandlerOptions } from "./handle-transaction.ts";

type Score = HandlerOptions["score"];

/** No delivery is in hand for longer, so a deadline that is farther away needs no timer here. */
const FAR_AWAY_MS = 300_000;
/** Timers fire up to a millisecond early. */
const EARLY_MS = 2;

/**
 * Scores until the transaction must be answered: waits end then, and it is overdue. Nothing is aborted. A call under way
 * is paid for and runs to its end, so that all replicas hear what it tells of the gateway; its answer comes too late.
 */
export function scoreInTime(score: Score): Score {
  return async (transaction, claim, urgency, hand) => {
    const leftMs = dueInMs(transaction, claim) ?? Infinity;
    if (leftMs > FAR_AWAY_MS) return score(transaction, claim, urgency, hand);

    const dueAtMs = performance.now() + leftMs;
    const overdue: Scoring = { kind: "evidence", evidence: { kind: "overdue" }, calls: claim.calls };
    const timeUp = Promise.withResolvers<Scoring>();
    const waitsUntilMs = Math.min(urgency.waitsUntilMs, dueAtMs);
    const untilMs = Math.min(hand.untilMs, dueAtMs);
    const scored = score(transaction, claim, { ...urgency, waitsUntilMs }, { ...hand, untilMs });
    const timer = setTimeout(() => timeUp.resolve({ ...overdue, tooLate: scored }), leftMs);
    try {
      const scoring = await Promise.race([scored, timeUp.promise]);
      return isHeld(scoring) && performance.now() + EARLY_MS >= dueAtMs ? overdue : scoring;
    } finally {
      clearTimeout(timer);
    }
  };
}

const isHeld = (scoring: Scoring): boolean => scoring.kind === "evidence" && scoring.evidence.kind === "held";
