import type { Claim, StoredScore, StoreReply } from "../../shared/domain/claim.ts";
import { deadlineOf, type Deadline } from "../../shared/domain/deadline.ts";
import { decide, type Decision, type LastingCircumstances } from "../../shared/domain/decide.ts";
import type { Delivery, Hand } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { Evidence } from "../../shared/domain/evidence.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { Money } from "../../shared/domain/money.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import type { RiskResult } from "../../shared/domain/risk-result.ts";
import { scoreToKeep, type ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import type { Passage, SuspectStage } from "../../shared/domain/suspect.ts";
import type { Transaction } from "../../shared/domain/transaction.ts";
import { conflicting, poisoned, type UnstoredLetter } from "../../shared/domain/unstored-letter.ts";
import { isFallback, isTrueScore } from "../../shared/domain/upgrade.ts";
import type { Urgency } from "../../shared/domain/urgency.ts";

/** A delivery with what is in it, on its way through the worker. */
export interface Work {
  readonly transaction: Transaction;
  readonly delivery: Delivery;
  /** Whether its fallback was told, and it goes on for the true score. */
  readonly isUpgrade: boolean;
  readonly urgency: Urgency;
  readonly hand: Hand;
}

/** What concluding needs from the world. Each waits for Redis for as long as the delivery may be in hand. */
export interface ConclusionOptions {
  readonly journal: {
    /** Goes on through a graceful stop, until `untilMs` in monotonic milliseconds. */
    store(
      claim: Claim,
      outcome: Outcome,
      calls: number,
      score: StoredScore | undefined,
      untilMs: number,
    ): Promise<StoreReply>;
    /** Best effort. */
    release(claim: Claim): Promise<void>;
    /** Releases what goes to wait, and counts it. Best effort. */
    putOff(claim: Claim, amount: Money): Promise<void>;
  };
  /** Runs, mostly at once, what a message could kill the worker with; one that did so too often is not tried again. */
  readonly pass: <T>(
    stage: SuspectStage,
    delivery: Delivery,
    hand: Hand,
    work: () => T,
  ) => Passage<T> | Promise<Passage<T>>;
  /** Remembers when a transaction must be answered that goes to wait. */
  readonly remind: (deadline: Deadline, hand: Hand) => Promise<void>;
  readonly scoringPolicy: ScoringPolicy;
  /** Whether the true score still follows a fallback. */
  readonly upgradesLate: boolean;
  readonly circumstances: LastingCircumstances;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Builds the last steps of a delivery: from the evidence to the outcome, and to what is told of it. */
export function createConclusion(options: ConclusionOptions) {
  return { conclude, letStand, settle, refuse };

  /** Decides, and stores the outcome; the first one stored is told. `callsMade`: as far as is known here. */
  async function conclude(
    evidence: Evidence,
    callsMade: number,
    claim: Claim,
    work: Work,
  ): Promise<Disposition> {
    const { transaction, delivery, isUpgrade, hand } = work;
    const { transactionId } = transaction;
    const revision = isUpgrade ? 2 : 1;
    const score = scoreToKeep(evidence, transaction, claim, options.scoringPolicy);
    // What was paid for is stored for as long as this process lives.
    const untilMs = callsMade > claim.calls ? Infinity : hand.untilMs;
    for (let calls = callsMade; ;) {
      const facts = { transaction, claim, calls, revision, nowMs: options.now() } as const;
      const circumstances = { ...options.circumstances, ...facts };
      const deciding = await options.pass("deciding", delivery, { ...hand, untilMs }, () =>
        decide(evidence, circumstances),
      );
      if (deciding.kind === "poisoned") {
        await options.journal.release(claim);
        return refuse(poisoned(deciding.deaths, { attempts: calls, replays: claim.replays }));
      }
      const decision = deciding.value;
      if (decision.action === "wait") return await letWait(decision, claim, work);
      if (decision.action === "give-back") {
        await options.journal.release(claim);
        return { ...decision, transactionId };
      }
      if (claim.standing !== undefined && !isTrueScore(decision.outcome)) {
        return await letStand(claim.standing, claim, work);
      }
      const reply = await options.journal.store(claim, decision.outcome, calls, score, untilMs);
      if (reply.kind === "stored") return settle(reply.outcome, work);
      if (reply.kind === "conflict") {
        return refuse(conflicting({ attempts: reply.calls, replays: claim.replays }), transactionId);
      }
      calls = reply.calls;
    }
  }

  async function letWait(
    decision: Extract<Decision, { action: "wait" }>,
    claim: Claim,
    { transaction, delivery, isUpgrade, hand }: Work,
  ): Promise<Disposition> {
    const { transactionId, amount } = transaction;
    const deadline = deadlineOf(transaction, claim, decision.calls, delivery.correlationId);
    if (deadline !== undefined) await options.remind(deadline, hand);
    await (isUpgrade ? options.journal.release(claim) : options.journal.putOff(claim, amount));
    return { ...decision, transactionId, amount };
  }

  /** The fallback stays the answer: there is no true score, or none that anybody wants. */
  async function letStand(result: RiskResult, claim: Claim, work: Work): Promise<Disposition> {
    await options.journal.release(claim);
    return settle({ kind: "result", result }, work);
  }

  /** Tells an outcome that is stored. Whoever is told a fallback for the first time waits on for the true score, where that is wanted. */
  function settle(outcome: Outcome, { transaction, isUpgrade }: Work): Disposition {
    const { transactionId, rail, merchantId } = transaction;
    if (outcome.kind === "dead-letter") {
      return { action: "dead-letter", deadLetter: outcome.deadLetter, transactionId };
    }
    const told = { action: "complete", result: outcome.result, rail, merchantId } as const;
    const isToBeUpgraded = options.upgradesLate && !isUpgrade && isFallback(outcome);
    return isToBeUpgraded ? { ...told, isToBeUpgraded } : told;
  }

  /** A dead letter of what has no outcome in the journal. */
  function refuse(letter: UnstoredLetter, transactionId?: string): Disposition {
    const { worker } = options.circumstances;
    const deadLetter = { ...letter, failedAt: formatInstant(options.now()), worker };
    return { action: "dead-letter", deadLetter, ...(transactionId === undefined ? {} : { transactionId }) };
  }
}
