import {
  historyAfter,
  historyOf,
  type Claim,
  type ClaimReply,
  type History,
  type StoredScore,
  type StoreReply,
  type TakenReply,
} from "../../shared/domain/claim.ts";
import { deadlineOf, type Deadline } from "../../shared/domain/deadline.ts";
import { decide, type Decision, type LastingCircumstances } from "../../shared/domain/decide.ts";
import { hasWaited, IN_HAND_MS, type Delivery, type Hand } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { Evidence } from "../../shared/domain/evidence.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { Money } from "../../shared/domain/money.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import type { RiskResult } from "../../shared/domain/risk-result.ts";
import {
  answerWithoutCall,
  lateness,
  scoreToKeep,
  type ScoringPolicy,
} from "../../shared/domain/scoring-policy.ts";
import type { Scoring } from "../../shared/domain/scoring.ts";
import type { Passage, SuspectStage } from "../../shared/domain/suspect.ts";
import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";
import {
  conflicting,
  countsOf,
  malformed,
  poisoned,
  type UnstoredLetter,
} from "../../shared/domain/unstored-letter.ts";
import { isFallback, isStillWanted, isTrueScore, upgradeOf } from "../../shared/domain/upgrade.ts";
import { urgencyOf, type Urgency } from "../../shared/domain/urgency.ts";

/** What the handler needs from the world. Each waits for Redis for as long as the delivery may be in hand. */
export interface HandlerOptions {
  readonly journal: {
    newToken(): string;
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
  /** Claims, and waits where somebody else has it first. "leased" or "following": there is no more time to wait. */
  readonly claim: (
    transaction: Transaction,
    token: string,
    history: History,
    urgency: Urgency,
    hand: Hand,
  ) => Promise<ClaimReply>;
  readonly score: (transaction: Transaction, claim: Claim, urgency: Urgency, hand: Hand) => Promise<Scoring>;
  /** Runs, mostly at once, what a message could kill the worker with; one that did so too often is not tried again. */
  readonly pass: <T>(
    stage: SuspectStage,
    delivery: Delivery,
    hand: Hand,
    work: () => T,
  ) => Passage<T> | Promise<Passage<T>>;
  /** Takes what goes on when the delivery is settled; it never rejects. */
  readonly afterwards: (work: Promise<void>) => void;
  /** Remembers when a transaction must be answered that goes to wait. */
  readonly remind: (deadline: Deadline, hand: Hand) => Promise<void>;
  readonly scoringPolicy: ScoringPolicy;
  /** Whether the true score still follows a fallback. */
  readonly upgradesLate: boolean;
  readonly circumstances: LastingCircumstances;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A delivery with what is in it, on its way through the handler. */
interface Work {
  readonly transaction: Transaction;
  readonly delivery: Delivery;
  /** Whether its fallback was told, and it goes on for the true score. */
  readonly isUpgrade: boolean;
  readonly urgency: Urgency;
  readonly hand: Hand;
}

/** A call is needed, and the claim has no lease. */
interface Unleased {
  readonly kind: "unleased";
  readonly calls: number;
}

/** Builds the handler of one delivery: what it returns is what becomes of it. */
export function createHandler(options: HandlerOptions) {
  return async function handleTransaction(delivery: Delivery, signal: AbortSignal): Promise<Disposition> {
    const takenAtMs = performance.now();
    const hand = { signal, untilMs: takenAtMs + IN_HAND_MS };
    let transactionId: string | undefined;
    try {
      const parsing = await options.pass("parsing", delivery, hand, () => parseTransaction(delivery.body));
      if (parsing.kind === "poisoned") return refuse(poisoned(parsing.deaths, countsOf(delivery)));
      const transaction = parsing.value;
      if (!transaction.ok) return refuse(malformed(transaction.problem, countsOf(delivery)));
      ({ transactionId } = transaction.value);
      const isUpgrade = delivery.isUpgrade === true && options.upgradesLate;
      const asked = isUpgrade
        ? upgradeOf(transaction.value, takenAtMs)
        : { transaction: transaction.value, urgency: urgencyOf(delivery, takenAtMs) };
      return await perform({ ...asked, delivery, hand, isUpgrade });
    } catch (error) {
      if (!signal.aborted) throw error;
      return {
        action: "give-back",
        cause: "shutdown",
        ...(transactionId === undefined ? {} : { transactionId }),
      };
    }
  };

  async function perform(work: Work): Promise<Disposition> {
    const { transaction, delivery, urgency, hand } = work;
    const { transactionId } = transaction;
    const token = options.journal.newToken();
    let history: History = { ...historyOf(delivery), ...(work.isUpgrade ? { isUpgrade: true } : {}) };
    for (;;) {
      const reply = await options.claim(transaction, token, history, urgency, hand);
      if (reply.kind === "conflict") {
        const counts = { ...countsOf(delivery), attempts: reply.calls };
        return refuse(conflicting(counts), transactionId);
      }
      if (reply.kind === "settled") return settle(reply.outcome, work);
      if (reply.kind !== "claimed") return concludeWithoutLease(reply, work);

      const { claim } = reply;
      if (claim.standing !== undefined && !isStillWanted(claim.standing, claim.nowMs)) {
        return letStand(claim.standing, claim, work);
      }
      let scoring: Scoring | Unleased;
      try {
        scoring = await gather(claim, work);
        if (scoring.kind === "settled") return settle(scoring.outcome, work);
        if (scoring.kind === "evidence") {
          const disposition = await conclude(scoring.evidence, scoring.calls, claim, work);
          if (scoring.tooLate !== undefined) options.afterwards(keepTooLate(scoring.tooLate, claim, work));
          return disposition;
        }
      } catch (error) {
        await options.journal.release(claim);
        throw error;
      }
      // The lease is missing or somebody else's, or the journal was lost: what is known here goes into the next claim.
      history = historyAfter(history, claim, scoring.calls);
    }
  }

  /** Somebody else had it, or the payer's flight, for too long: for the payer, or for this delivery. */
  function concludeWithoutLease({ kind, known }: TakenReply, work: Work): Promise<Disposition> {
    const { transaction, delivery } = work;
    const late = lateness(transaction, known, hasWaited(delivery));
    return conclude(late ?? { kind: "held", cause: kind }, known.calls, known, work);
  }

  /** Not async: most transactions need no call, and so nothing to wait for. */
  function gather(
    claim: Claim,
    { transaction, delivery, urgency, hand }: Work,
  ): Scoring | Unleased | Promise<Scoring> {
    const evidence = answerWithoutCall(transaction, claim, hasWaited(delivery), options.scoringPolicy);
    if (evidence !== undefined) return { kind: "evidence", evidence, calls: claim.calls };
    if (!claim.isLeased) return { kind: "unleased", calls: claim.calls };
    return options.score(transaction, claim, urgency, hand);
  }

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

  /** An answer that came after the fallback was paid for: it is the true score. Best effort; never rejects. */
  async function keepTooLate(coming: Promise<Scoring>, claim: Claim, work: Work): Promise<void> {
    if (!options.upgradesLate) return;
    try {
      const scoring = await coming;
      if (scoring.kind !== "evidence" || scoring.evidence.kind !== "scored") return;
      await conclude(scoring.evidence, scoring.calls, claim, { ...work, isUpgrade: true });
    } catch {
      // It is called again, with what calls are left.
    }
  }

  /** Whoever is told a fallback for the first time waits on for the true score, where that is wanted. */
  function settle(outcome: Outcome, { transaction, isUpgrade }: Work): Disposition {
    const { transactionId, rail, merchantId } = transaction;
    if (outcome.kind === "dead-letter") {
      return { action: "dead-letter", deadLetter: outcome.deadLetter, transactionId };
    }
    const told = { action: "complete", result: outcome.result, rail, merchantId } as const;
    const isToBeUpgraded = options.upgradesLate && !isUpgrade && isFallback(outcome);
    return isToBeUpgraded ? { ...told, isToBeUpgraded } : told;
  }

  function refuse(letter: UnstoredLetter, transactionId?: string): Disposition {
    const { worker } = options.circumstances;
    const deadLetter = { ...letter, failedAt: formatInstant(options.now()), worker };
    return { action: "dead-letter", deadLetter, ...(transactionId === undefined ? {} : { transactionId }) };
  }
}
