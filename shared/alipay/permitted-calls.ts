import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, Score, SentReply } from "../domain/claim.ts";
import type { Hand } from "../domain/delivery.ts";
import type { Failure } from "../domain/failure.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { WhenBudgetIsSpent } from "../domain/budget.ts";
import type { Hold, HoldKind, Permit } from "../domain/permit.ts";
import { callLimit, countedCalls, delayAfterCall, type RetryPolicy } from "../domain/retry-policy.ts";
import { YIELDING_PRIORITY, type Urgency } from "../domain/urgency.ts";
import type { Transaction } from "../domain/transaction.ts";
import type { CallMade, Consequences } from "./consequences.ts";
import type { Gateway } from "./gateway.ts";
import type { ReplicaHold } from "./replica-hold.ts";
import type { Passage, Turnstile } from "./turnstile.ts";

/** The journal's part in a call. */
export interface CallRecord {
  /** Records a call before it leaves; waits for Redis for as long as the delivery may be in hand. */
  sent(claim: Claim, call: number, permitId: string, nextCallInMs: number, hand: Hand): Promise<SentReply>;
  /** Takes a recorded call back that surely never left. Best effort: untold, it counts. */
  unsent(claim: Claim, call: number, permitId: string): Promise<void>;
}

export interface PermittedCallsOptions {
  readonly gateway: Gateway;
  readonly turnstile: Turnstile;
  readonly replicaHold: ReplicaHold;
  readonly consequences: Consequences;
  readonly record: CallRecord;
  readonly retryPolicy: RetryPolicy;
  /** What goes first among those of one priority. */
  readonly worthOf: (transaction: Transaction) => number;
  readonly whenBudgetIsSpent: WhenBudgetIsSpent;
  /** The books refused a call for want of budget. */
  readonly onHeld: (hold: Hold) => void;
  /** A permit whose call surely never left. Best effort. */
  readonly unused: (permitId: string) => void;
  readonly onPermit: (waitedMs: number) => void;
  readonly onStale: () => void;
}

/** One call that a transaction wants to make. */
export interface WantedCall {
  readonly transaction: Transaction;
  readonly claim: Claim;
  /** Which call of its transaction it is, from 1. */
  readonly call: number;
  readonly urgency: Urgency;
  readonly hand: Hand;
}

/** What became of it. Only the first two were calls. */
export type CallOutcome =
  | { readonly kind: "scored"; readonly score: Score }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "held"; readonly cause: HoldKind | "quota" }
  | { readonly kind: "interrupted" }
  /** Somebody else's outcome is stored. */
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /** The claim went to somebody else, or the journal was lost. */
  | { readonly kind: "lost" };

type Pass = Extract<Passage, { kind: "pass" }>;

/** A permit that went stale says that Redis answers slowly: the next one is taken after a pause, doubled each time. */
const STALE_PAUSE_MS = { first: 50, longest: 5_000 };
const SHORTEST_LATER_MS = 50;

/** Calls that leave with a fresh permit and on record, however many permits went stale before. */
export class PermittedCalls {
  readonly #options: PermittedCallsOptions;

  constructor(options: PermittedCallsOptions) {
    this.#options = options;
  }

  /** Rejects only with the abort's reason, or for a fault of ours. */
  async make(wanted: WantedCall): Promise<CallOutcome> {
    for (let stalePauseMs = STALE_PAUSE_MS.first; ;) {
      const passage = await this.#pass(wanted);
      if (passage.kind !== "pass") return passage;
      const outcome = await this.#callOnce(wanted, passage).finally(() => this.#options.turnstile.leave());
      // The turnstile holds it back.
      if (outcome === "unreachable" || outcome === "withdrawn" || outcome === "unaffordable") continue;
      if (outcome !== "stale") return outcome;
      this.#options.onStale();
      await sleep(stalePauseMs, undefined, { signal: wanted.hand.signal });
      stalePauseMs = Math.min(stalePauseMs * 2, STALE_PAUSE_MS.longest);
    }
  }

  async #pass({
    transaction,
    claim,
    call,
    urgency,
    hand,
  }: WantedCall): Promise<Exclude<Passage, { kind: "later" }>> {
    const { turnstile, retryPolicy, worthOf, whenBudgetIsSpent, onPermit } = this.#options;
    const { priority, leavesWhenHeld, waitsUntilMs } = urgency;
    const { signal } = hand;
    const value = worthOf(transaction);
    const counted = countedCalls(call, claim.forgiven);
    const limit = callLimit(retryPolicy);
    // Nobody waits for an upgrade: it can wait for another day's budget.
    const goesWhenBroke = whenBudgetIsSpent === "fallback" && priority !== YIELDING_PRIORITY;
    const stay = { priority, value, leavesWhenHeld, leavesWhenBroke: goesWhenBroke, signal };
    const passenger = { ...stay, call: counted, callLimit: limit };
    const enteredAtMs = performance.now();
    for (;;) {
      if (goesWhenBroke && this.#isBroke()) return { kind: "held", cause: "budget" };
      const patienceMs = waitsUntilMs - performance.now();
      const passage = await turnstile.enter({ ...passenger, patienceMs });
      if (passage.kind === "pass") onPermit(performance.now() - enteredAtMs);
      if (passage.kind !== "later") return passage;
      await sleep(Math.max(SHORTEST_LATER_MS, Math.min(passage.waitMs, patienceMs)), undefined, { signal });
    }
  }

  #isBroke(): boolean {
    return this.#options.replicaHold.spentBudget(performance.now()) !== undefined;
  }

  #refused(
    reply: Exclude<SentReply, { kind: "recorded" }>,
  ): Extract<CallOutcome, { kind: "settled" | "lost" }> | "withdrawn" | "unaffordable" {
    if (reply.kind === "withdrawn") return "withdrawn";
    if (reply.kind !== "unaffordable") return reply;
    const { replicaHold, onHeld } = this.#options;
    const nowMs = performance.now();
    replicaHold.spend(reply.period, reply.remainingMs, nowMs);
    const hold = replicaHold.spentBudget(nowMs);
    if (hold !== undefined) onHeld(hold);
    return "unaffordable";
  }

  async #callOnce(
    wanted: WantedCall,
    pass: Pass,
  ): Promise<CallOutcome | "stale" | "unreachable" | "withdrawn" | "unaffordable"> {
    const { gateway, record, retryPolicy, replicaHold } = this.#options;
    const { transaction, claim, call, hand } = wanted;
    const { permit } = pass;
    const pauseMs = delayAfterCall(countedCalls(call, claim.forgiven), retryPolicy);
    // Also where it was not recorded, as far as is known: a reply may have been lost, and its repetition been refused.
    const takeBack = (): Promise<void> => {
      this.#giveBack(permit);
      return record.unsent(claim, call, permit.id);
    };
    const recorded = await record
      .sent(claim, call, permit.id, pauseMs, hand)
      .catch(async (error: unknown) => {
        await takeBack();
        throw error;
      });
    if (recorded.kind !== "recorded") {
      await takeBack();
      return this.#refused(recorded);
    }
    replicaHold.afford();

    const askedAtMs = performance.now();
    const answer = await gateway.detect(transaction, {
      waitMs: () => permit.startsInMs(),
      beforeDeparture: () => permit.isFresh(),
      signal: hand.signal,
    });
    if (answer.kind !== "not-sent") return this.#outcomeOf(answer, wanted, pass);

    await takeBack();
    switch (answer.why) {
      case "aborted":
        return { kind: "interrupted" };
      case "withdrawn":
        return "stale";
      case "unreachable":
        replicaHold.engage("unreachable", answer.detail, askedAtMs, performance.now());
        return "unreachable";
    }
  }

  /** Nothing left with it. */
  #giveBack({ id }: Permit): void {
    this.#options.unused(id);
    this.#options.replicaHold.endProbe(id, performance.now());
  }

  async #outcomeOf(answer: CallMade, { transaction }: WantedCall, pass: Pass): Promise<CallOutcome> {
    const failure = await this.#options.consequences.heed(answer, pass, transaction);
    if (failure !== undefined) return { kind: "failed", failure };
    if (answer.kind === "failed") return { kind: "failed", failure: answer.failure };
    const { riskScore, ruleCodes, traceId } = answer;
    return { kind: "scored", score: { riskScore, ruleCodes, traceId } };
  }
}
