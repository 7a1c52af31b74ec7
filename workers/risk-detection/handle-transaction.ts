import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ClaimReply, History, StoredScore, StoreReply } from "../../shared/domain/claim.ts";
import type { DeadLetter } from "../../shared/domain/dead-letter.ts";
import { deadlineOf, dueInMs, type Deadline } from "../../shared/domain/deadline.ts";
import { decide, type Circumstances, type Decision } from "../../shared/domain/decide.ts";
import type { Delivery, Hand, Lane } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { Evidence } from "../../shared/domain/evidence.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { Money } from "../../shared/domain/money.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import { scoredPayment } from "../../shared/domain/payer-change.ts";
import type { RiskResult } from "../../shared/domain/risk-result.ts";
import { answerWithoutCall, lateness, type ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import { YIELDING_PRIORITY, type Scoring, type Urgency } from "../../shared/domain/scoring.ts";
import type { Passage, SuspectStage } from "../../shared/domain/suspect.ts";
import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";
import { isFallback, isStillWanted, isTrueScore } from "../../shared/domain/upgrade.ts";

/** What the handler needs from the world. Each waits for Redis for as long as the delivery may be in hand. */
export interface HandlerOptions {
  readonly journal: {
    newToken(): string;
    claim(transaction: Transaction, token: string, history: History, hand: Hand): Promise<ClaimReply>;
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
  readonly score: (transaction: Transaction, claim: Claim, urgency: Urgency, hand: Hand) => Promise<Scoring>;
  /** Runs what a message could kill the worker with; one that did so too often is not tried again. */
  readonly pass: <T>(
    stage: SuspectStage,
    delivery: Delivery,
    hand: Hand,
    work: () => T,
  ) => Promise<Passage<T>>;
  /** Remembers when a transaction must be answered that goes to wait. */
  readonly remind: (deadline: Deadline, hand: Hand) => Promise<void>;
  readonly scoringPolicy: ScoringPolicy;
  /** Whether the true score still follows a fallback. */
  readonly upgradesLate: boolean;
  readonly circumstances: Pick<
    Circumstances,
    "worker" | "verdictLimits" | "fallbackVerdict" | "whenBudgetIsSpent" | "retryPolicy" | "callPrice"
  >;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const PRIORITY: Readonly<Record<Lane, number>> = { urgent: 1, standard: 5, replay: 8 };
/**
 * How long anything on behalf of a delivery is waited for. No delivery is in hand for more than five minutes: what is
 * left of them is for the last call (a minute at the longest setting), for storing and for publishing.
 */
const IN_HAND_MS = 230_000;
/** On a lane, others wait behind it: it moves to the waiting queue earlier. From there it goes to that queue's end. */
const ON_LANE_MS = 60_000;
/**
 * Nobody waits for the true score after a fallback: it takes what permits nobody else wants. It leaves its place in the
 * waiting queue soon, for those behind it may be more urgent.
 */
const UPGRADE = { priority: YIELDING_PRIORITY, inHandMs: 10_000 };
/** Nobody else's work is held up by who follows a payer's call: a burst of one payer must not fill a lane. */
const FOLLOWS_ON_LANE_MS = 5_000;
/** While somebody else works on the same transaction, or on the payer's score, it is looked for this often. */
const LOOK_AGAIN_MS = { first: 25, longest: 1_000 };

/** A delivery with what is in it, on its way through the handler. */
interface Work {
  readonly transaction: Transaction;
  readonly delivery: Delivery;
  /** Whether its fallback was told, and it goes on for the true score. */
  readonly isUpgrade: boolean;
  readonly urgency: Urgency;
  readonly hand: Hand;
}

/** Waited for in vain. */
type Waited = Extract<ClaimReply, { kind: "leased" | "following" }>;

/** Builds the handler of one delivery: what it returns is what becomes of it. */
export function createHandler(options: HandlerOptions) {
  return async function handleTransaction(delivery: Delivery, signal: AbortSignal): Promise<Disposition> {
    const takenAtMs = performance.now();
    const hand = { signal, untilMs: takenAtMs + IN_HAND_MS };
    let transactionId: string | undefined;
    try {
      const parsing = await options.pass("parsing", delivery, hand, () => parseTransaction(delivery.body));
      if (parsing.kind === "poisoned") return poisoned(parsing.deaths, delivery);
      const transaction = parsing.value;
      if (!transaction.ok) return malformed(transaction.problem, delivery);
      ({ transactionId } = transaction.value);
      const urgency = urgencyOf(delivery, takenAtMs);
      const work: Work = { transaction: transaction.value, delivery, urgency, hand, isUpgrade: false };
      return await perform(
        delivery.isUpgrade === true && options.upgradesLate ? asUpgrade(work, takenAtMs) : work,
      );
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
    const { transaction, delivery } = work;
    const token = options.journal.newToken();
    const told: History = { ...historyOf(delivery), ...(work.isUpgrade ? { isUpgrade: true } : {}) };
    let history = told;
    for (;;) {
      const reply = await takeUp(work, token, history);
      if (reply.kind === "conflict") return conflict(transaction, reply.calls, delivery);
      if (reply.kind === "settled") return settle(reply.outcome, work);
      if (reply.kind !== "claimed") return concludeWithoutLease(reply, work);

      const { claim } = reply;
      if (claim.standing !== undefined && !isStillWanted(claim.standing, claim.nowMs)) {
        return letStand(claim.standing, claim, work);
      }
      let scoring: Scoring;
      try {
        scoring = await gather(claim, work);
        if (scoring.kind === "settled") return settle(scoring.outcome, work);
        if (scoring.kind === "evidence") {
          const disposition = await conclude(scoring.evidence, scoring.calls, claim, work);
          if (scoring.tooLate !== undefined) void keepTooLate(scoring.tooLate, claim, work);
          return disposition;
        }
      } catch (error) {
        await options.journal.release(claim);
        throw error;
      }
      // The lease went to somebody else, or the journal was lost: what is known here goes into the next claim.
      history = {
        ...told,
        calls: Math.max(history.calls, scoring.calls),
        replays: Math.max(history.replays, claim.replays),
        replay: "none",
        forgiven: claim.forgiven,
      };
    }
  }

  /**
   * Claims, or waits in hand while somebody else holds the claim, or is about to bring the payer's score: for what they
   * bring, for their lease's end, or until there is no more time.
   */
  async function takeUp(work: Work, token: string, history: History): Promise<ClaimReply> {
    const { transaction, hand, urgency } = work;
    const followsUntilMs = urgency.leavesWhenHeld
      ? performance.now() + FOLLOWS_ON_LANE_MS
      : urgency.waitsUntilMs;
    let { calls } = history;
    for (let pauseMs = LOOK_AGAIN_MS.first; ; pauseMs = Math.min(pauseMs * 1.5, LOOK_AGAIN_MS.longest)) {
      const reply = await options.journal.claim(transaction, token, { ...history, calls }, hand);
      if (reply.kind !== "leased" && reply.kind !== "following") return reply;
      calls = reply.known.calls; // should the journal be lost before the next look
      const staysUntilMs = reply.kind === "following" ? followsUntilMs : urgency.waitsUntilMs;
      const leftMs = Math.min(
        staysUntilMs - performance.now(),
        dueInMs(transaction, reply.known) ?? Infinity,
      );
      if (leftMs <= 0) return reply;
      // A thousand who follow one call must not look all at once.
      const jitteredMs = pauseMs * (0.5 + Math.random() / 2);
      await sleep(Math.min(jitteredMs, reply.remainingMs + 1, leftMs), undefined, { signal: hand.signal });
    }
  }

  /** Somebody else had it, or the payer's flight, for too long: for the payer, or for this delivery. */
  function concludeWithoutLease({ kind, known }: Waited, work: Work): Promise<Disposition> {
    const { transaction, delivery } = work;
    const late = lateness(transaction, known, hasWaited(delivery));
    return conclude(late ?? { kind: "held", cause: kind }, known.calls, known, work);
  }

  async function gather(claim: Claim, { transaction, delivery, urgency, hand }: Work): Promise<Scoring> {
    const evidence = answerWithoutCall(transaction, claim, hasWaited(delivery), options.scoringPolicy);
    if (evidence !== undefined) return { kind: "evidence", evidence, calls: claim.calls };
    return options.score(transaction, claim, urgency, hand);
  }

  async function conclude(
    evidence: Evidence,
    callsMade: number,
    claim: Claim,
    work: Work,
  ): Promise<Disposition> {
    const { transaction, delivery, isUpgrade, hand } = work;
    const revision = isUpgrade ? 2 : 1;
    const score = scoreToKeep(evidence, claim, transaction);
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
        return poisoned(deciding.deaths, { ...delivery, calls });
      }
      const decision = deciding.value;
      if (decision.action === "wait") return await letWait(decision, claim, work);
      if (decision.action === "give-back") {
        await options.journal.release(claim);
        return { ...decision, transactionId: transaction.transactionId };
      }
      if (claim.standing !== undefined && !isTrueScore(decision.outcome)) {
        return await letStand(claim.standing, claim, work);
      }
      const reply = await options.journal.store(claim, decision.outcome, calls, score, untilMs);
      if (reply.kind === "stored") return settle(reply.outcome, work);
      if (reply.kind === "conflict") return conflict(transaction, reply.calls, delivery);
      calls = reply.calls;
    }
  }

  function scoreToKeep(evidence: Evidence, claim: Claim, transaction: Transaction): StoredScore | undefined {
    if (evidence.kind !== "scored" || evidence.source !== "alipay") return undefined;
    const payment = scoredPayment({ transaction, claim }, options.scoringPolicy.changes);
    return { ...evidence.score, payment };
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

  function malformed(detail: string, delivery: Delivery): Disposition {
    const { calls: attempts, replays = 0 } = delivery;
    return { action: "dead-letter", deadLetter: stamp({ reason: "malformed", detail, attempts, replays }) };
  }

  /** Not stored: which transaction it is, nobody can find out and live. */
  function poisoned(deaths: number, delivery: Delivery): Disposition {
    const { calls: attempts, replays = 0 } = delivery;
    const detail = `${deaths} workers in a row died with it in hand: each at work on nothing else that had come back`;
    return { action: "dead-letter", deadLetter: stamp({ reason: "poisoned", detail, attempts, replays }) };
  }

  /** Not stored: the id's outcome is that of the transaction which had it first. */
  function conflict({ transactionId }: Transaction, attempts: number, delivery: Delivery): Disposition {
    const detail = "transactionId: already used by a transaction with other content";
    const { replays = 0 } = delivery;
    return {
      action: "dead-letter",
      deadLetter: stamp({ reason: "conflict", detail, attempts, replays }),
      transactionId,
    };
  }

  function stamp(deadLetter: Omit<DeadLetter, "failedAt" | "worker">): DeadLetter {
    return { ...deadLetter, failedAt: formatInstant(options.now()), worker: options.circumstances.worker };
  }
}

const hasWaited = ({ lane }: Delivery): boolean => lane === "waiting";

function historyOf({ calls, replays, lane, deliveryCount, instance, forgiven }: Delivery): History {
  if (replays === undefined) return { calls, replays: 0, replay: "none" };
  const letter = instance === undefined ? {} : { instance, forgiven: forgiven ?? 0 };
  if (lane === "waiting") return { calls, replays, replay: "waited", ...letter };
  return { calls, replays, replay: deliveryCount === 0 ? "fresh" : "again", ...letter };
}

/** Its payer was answered: it has no deadline any more, and all others go before it. */
function asUpgrade(work: Work, takenAtMs: number): Work {
  const transaction = { ...work.transaction, decideByMs: undefined };
  const { priority, inHandMs } = UPGRADE;
  const urgency = { priority, waitsUntilMs: takenAtMs + inHandMs, leavesWhenHeld: false };
  return { ...work, transaction, urgency, isUpgrade: true };
}

function urgencyOf({ lane, originalLane }: Delivery, takenAtMs: number): Urgency {
  const isWaiting = lane === "waiting";
  return {
    priority: PRIORITY[originalLane],
    waitsUntilMs: takenAtMs + (isWaiting ? IN_HAND_MS : ON_LANE_MS),
    leavesWhenHeld: !isWaiting,
  };
}
