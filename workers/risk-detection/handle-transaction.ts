import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ClaimReply, History, StoredScore, StoreReply } from "../../shared/domain/claim.ts";
import type { DeadLetter } from "../../shared/domain/dead-letter.ts";
import { deadlineOf, dueInMs, type Deadline } from "../../shared/domain/deadline.ts";
import { decide, type Circumstances } from "../../shared/domain/decide.ts";
import type { Delivery, Hand, Lane } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { Evidence } from "../../shared/domain/evidence.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { Money } from "../../shared/domain/money.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import { answerWithoutCall, lateness, type ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import type { Scoring, Urgency } from "../../shared/domain/scoring.ts";
import type { Passage, SuspectStage } from "../../shared/domain/suspect.ts";
import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";

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
  readonly circumstances: Pick<
    Circumstances,
    "worker" | "verdictLimits" | "fallbackVerdict" | "retryPolicy" | "callPrice"
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
/** While somebody else works on the same transaction, or on the payer's score, it is looked for this often. */
const LOOK_AGAIN_MS = { first: 25, longest: 1_000 };

/** A delivery with what is in it, on its way through the handler. */
interface Work {
  readonly transaction: Transaction;
  readonly delivery: Delivery;
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
      return await perform({ transaction: transaction.value, delivery, urgency, hand });
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
    let history = historyOf(delivery);
    for (;;) {
      const reply = await takeUp(work, token, history);
      if (reply.kind === "conflict") return conflict(transaction, reply.calls, delivery);
      if (reply.kind === "settled") return settle(reply.outcome, transaction);
      if (reply.kind !== "claimed") return concludeWithoutLease(reply, work);

      const { claim } = reply;
      let scoring: Scoring;
      try {
        scoring = await gather(claim, work);
        if (scoring.kind === "settled") return settle(scoring.outcome, transaction);
        if (scoring.kind === "evidence") return await conclude(scoring.evidence, scoring.calls, claim, work);
      } catch (error) {
        await options.journal.release(claim);
        throw error;
      }
      // The lease went to somebody else, or the journal was lost: what is known here goes into the next claim.
      history = {
        calls: Math.max(history.calls, scoring.calls),
        replays: Math.max(history.replays, claim.replays),
        replay: "none",
      };
    }
  }

  /**
   * Claims, or waits in hand while somebody else holds the claim, or is about to bring the payer's score: for what they
   * bring, for their lease's end, or until there is no more time.
   */
  async function takeUp(work: Work, token: string, history: History): Promise<ClaimReply> {
    const { transaction, hand, urgency } = work;
    let { calls } = history;
    for (let pauseMs = LOOK_AGAIN_MS.first; ; pauseMs = Math.min(pauseMs * 1.5, LOOK_AGAIN_MS.longest)) {
      const reply = await options.journal.claim(transaction, token, { ...history, calls }, hand);
      if (reply.kind !== "leased" && reply.kind !== "following") return reply;
      calls = reply.known.calls; // should the journal be lost before the next look
      const leftMs = Math.min(
        urgency.waitsUntilMs - performance.now(),
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
    { transaction, delivery, hand }: Work,
  ): Promise<Disposition> {
    const score = evidence.kind === "scored" && evidence.source === "alipay" ? evidence.score : undefined;
    // What was paid for is stored for as long as this process lives.
    const untilMs = callsMade > claim.calls ? Infinity : hand.untilMs;
    for (let calls = callsMade; ;) {
      const circumstances = { ...options.circumstances, transaction, claim, calls, nowMs: options.now() };
      const deciding = await options.pass("deciding", delivery, hand, () => decide(evidence, circumstances));
      if (deciding.kind === "poisoned") {
        await options.journal.release(claim);
        return poisoned(deciding.deaths, { ...delivery, calls });
      }
      const decision = deciding.value;
      if (decision.action === "wait") {
        const deadline = deadlineOf(transaction, claim, calls, delivery.correlationId);
        if (deadline !== undefined) await options.remind(deadline, hand);
        await options.journal.putOff(claim, transaction.amount);
        return { ...decision, transactionId: transaction.transactionId, amount: transaction.amount };
      }
      if (decision.action === "give-back") {
        await options.journal.release(claim);
        return { ...decision, transactionId: transaction.transactionId };
      }
      const reply = await options.journal.store(claim, decision.outcome, calls, score, untilMs);
      if (reply.kind === "stored") return settle(reply.outcome, transaction);
      if (reply.kind === "conflict") return conflict(transaction, reply.calls, delivery);
      calls = reply.calls;
    }
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

function settle(outcome: Outcome, { transactionId, rail, merchantId }: Transaction): Disposition {
  return outcome.kind === "result"
    ? { action: "complete", result: outcome.result, rail, merchantId }
    : { action: "dead-letter", deadLetter: outcome.deadLetter, transactionId };
}

const hasWaited = ({ lane }: Delivery): boolean => lane === "waiting";

function historyOf({ calls, replays, lane, deliveryCount }: Delivery): History {
  if (replays === undefined) return { calls, replays: 0, replay: "none" };
  if (lane === "waiting") return { calls, replays, replay: "waited" };
  return { calls, replays, replay: deliveryCount === 0 ? "fresh" : "again" };
}

function urgencyOf({ lane, originalLane }: Delivery, takenAtMs: number): Urgency {
  const isWaiting = lane === "waiting";
  return {
    priority: PRIORITY[originalLane],
    waitsUntilMs: takenAtMs + (isWaiting ? IN_HAND_MS : ON_LANE_MS),
    leavesWhenHeld: !isWaiting,
  };
}
