import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ClaimReply, History, StoredScore, StoreReply } from "../../shared/domain/claim.ts";
import type { DeadLetter } from "../../shared/domain/dead-letter.ts";
import { decide, type Circumstances } from "../../shared/domain/decide.ts";
import type { Delivery, Lane } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { Evidence } from "../../shared/domain/evidence.ts";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import { answerWithoutCall, type ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import type { Scoring, Urgency } from "../../shared/domain/scoring.ts";
import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";

/** What the handler needs from the world. Each waits for Redis until its signal aborts. */
export interface HandlerOptions {
  readonly journal: {
    newToken(): string;
    claim(
      transaction: Transaction,
      token: string,
      history: History,
      signal: AbortSignal,
    ): Promise<ClaimReply>;
    /** Goes on through a graceful stop: an answer was paid for. */
    store(claim: Claim, outcome: Outcome, calls: number, score: StoredScore | undefined): Promise<StoreReply>;
    /** Best effort. */
    release(claim: Claim): Promise<void>;
  };
  readonly score: (
    transaction: Transaction,
    claim: Claim,
    urgency: Urgency,
    signal: AbortSignal,
  ) => Promise<Scoring>;
  readonly scoringPolicy: ScoringPolicy;
  readonly circumstances: Pick<Circumstances, "worker" | "verdictLimits" | "retryPolicy" | "callPrice">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const PRIORITY: Readonly<Record<Lane, number>> = { urgent: 1, standard: 5, replay: 8 };
/** A call waits so long for its permit; then its delivery moves to the waiting queue, or to that queue's end. */
const PATIENCE_MS = { lane: 60_000, waiting: 240_000 };
/** While somebody else works on the same transaction, their outcome is looked for this often. */
const LOOK_AGAIN_MS = { first: 25, longest: 1_000 };

/** Builds the handler of one delivery: what it returns is what becomes of it. */
export function createHandler(options: HandlerOptions) {
  return async function handleTransaction(delivery: Delivery, signal: AbortSignal): Promise<Disposition> {
    const transaction = parseTransaction(delivery.body);
    if (!transaction.ok) return malformed(transaction.problem, delivery);
    try {
      return await work(transaction.value, delivery, signal);
    } catch (error) {
      const { transactionId } = transaction.value;
      if (signal.aborted) return { action: "give-back", cause: "shutdown", transactionId };
      throw error;
    }
  };

  async function work(
    transaction: Transaction,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Disposition> {
    const token = options.journal.newToken();
    let history = historyOf(delivery);
    for (;;) {
      const reply = await takeUp(transaction, token, history, signal);
      if (reply.kind === "conflict") return conflict(transaction, reply.calls, delivery);
      if (reply.kind === "settled") return settle(reply.outcome, transaction);

      const { claim } = reply;
      let scoring: Scoring;
      try {
        scoring = await gather(transaction, claim, delivery, signal);
        if (scoring.kind === "settled") return settle(scoring.outcome, transaction);
        if (scoring.kind === "evidence")
          return await conclude(scoring.evidence, scoring.calls, transaction, claim);
      } catch (error) {
        await options.journal.release(claim);
        throw error;
      }
      // The journal lost it, or the lease did: what is known here goes into the next claim.
      history = { calls: Math.max(history.calls, scoring.calls), replays: history.replays, replay: "none" };
    }
  }

  /** Claims, or waits in hand while somebody else holds the claim: for their outcome, or for their lease's end. */
  async function takeUp(transaction: Transaction, token: string, history: History, signal: AbortSignal) {
    for (let pauseMs = LOOK_AGAIN_MS.first; ; pauseMs = Math.min(pauseMs * 2, LOOK_AGAIN_MS.longest)) {
      const reply = await options.journal.claim(transaction, token, history, signal);
      if (reply.kind !== "leased") return reply;
      await sleep(Math.min(pauseMs, reply.remainingMs + 1), undefined, { signal });
    }
  }

  async function gather(
    transaction: Transaction,
    claim: Claim,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Scoring> {
    const evidence = answerWithoutCall(transaction, claim, options.scoringPolicy);
    if (evidence !== undefined) return { kind: "evidence", evidence, calls: claim.calls };
    return options.score(transaction, claim, urgencyOf(delivery), signal);
  }

  async function conclude(
    evidence: Evidence,
    callsMade: number,
    transaction: Transaction,
    claim: Claim,
  ): Promise<Disposition> {
    const score = evidence.kind === "scored" && evidence.source === "alipay" ? evidence.score : undefined;
    for (let calls = callsMade; ;) {
      const nowMs = options.now();
      const decision = decide(evidence, { ...options.circumstances, transaction, claim, calls, nowMs });
      if (decision.action !== "conclude") {
        await options.journal.release(claim);
        return { ...decision, transactionId: transaction.transactionId };
      }
      const reply = await options.journal.store(claim, decision.outcome, calls, score);
      if (reply.kind === "stored") return settle(reply.outcome, transaction);
      calls = reply.calls;
    }
  }

  function malformed(detail: string, delivery: Delivery): Disposition {
    const { attempts, replays } = delivery.replay ?? { attempts: 0, replays: 0 };
    return { action: "dead-letter", deadLetter: stamp({ reason: "malformed", detail, attempts, replays }) };
  }

  /** Not stored: the id's outcome is that of the transaction which had it first. */
  function conflict({ transactionId }: Transaction, attempts: number, delivery: Delivery): Disposition {
    const detail = "transactionId: already used by a transaction with other content";
    const replays = delivery.replay?.replays ?? 0;
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

function historyOf({ replay, lane, deliveryCount }: Delivery): History {
  if (replay === undefined) return { calls: 0, replays: 0, replay: "none" };
  // From the waiting queue, or given back: this replay was taken up before.
  const isFresh = lane === "replay" && deliveryCount === 0;
  return { calls: replay.attempts, replays: replay.replays, replay: isFresh ? "fresh" : "again" };
}

function urgencyOf({ lane, originalLane }: Delivery): Urgency {
  const isWaiting = lane === "waiting";
  return {
    priority: PRIORITY[originalLane],
    patienceMs: isWaiting ? PATIENCE_MS.waiting : PATIENCE_MS.lane,
    leavesWhenHeld: !isWaiting,
  };
}
