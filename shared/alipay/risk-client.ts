import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import type { WhenBudgetIsSpent } from "../domain/budget.ts";
import type { Claim } from "../domain/claim.ts";
import type { Hand } from "../domain/delivery.ts";
import type { Evidence } from "../domain/evidence.ts";
import type { Failure } from "../domain/failure.ts";
import type { OwnHold } from "../domain/permit.ts";
import {
  afterFailure,
  callLimit,
  countedCalls,
  delayAfterCall,
  type RetryPolicy,
} from "../domain/retry-policy.ts";
import type { Scoring } from "../domain/scoring.ts";
import type { Transaction } from "../domain/transaction.ts";
import type { Urgency } from "../domain/urgency.ts";
import { Consequences, type Audience } from "./consequences.ts";
import type { Gateway } from "./gateway.ts";
import { HoldNews, type HoldEvents } from "./hold-news.ts";
import { PermittedCalls, type CallOutcome, type CallRecord } from "./permitted-calls.ts";
import { ReplicaHold } from "./replica-hold.ts";
import { Turnstile, type PermitSource } from "./turnstile.ts";

/** What the client needs of the shared ledger. */
export type Ledger = PermitSource & Audience["ledger"];

export interface RiskClientEvents extends HoldEvents {
  /** A call ended; the gateway's code, or ours where it said nothing. */
  onCall(call: { code: string; latencyMs: number }): void;
  onPermit(waitedMs: number): void;
  /** A permit went stale before its call left: Redis answers too slowly. */
  onStale(): void;
  /** The gateway refused a call because of too many: every replica slows down. */
  onLimited(code: string): void;
}

export interface RiskClientOptions {
  readonly gateway: Gateway;
  readonly ledger: Ledger;
  readonly record: CallRecord;
  readonly retryPolicy: RetryPolicy;
  /** What goes first where permits are short: larger values, among those of one priority. */
  readonly worthOf: (transaction: Transaction) => number;
  readonly whenBudgetIsSpent: WhenBudgetIsSpent;
  /** The call's own deadline. */
  readonly timeoutMs: number;
  readonly events: RiskClientEvents;
}

/** A call that brought no score, on its way through p-retry. */
class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.code);
    this.failure = failure;
  }
}

/** The next call is due later than the delivery may wait for it. */
class NotDueInTime extends Error {}

/** Asks Alipay about one transaction, with the calls that are left to it, within what the ledger permits. */
export class RiskClient {
  readonly #retryPolicy: RetryPolicy;
  readonly #turnstile: Turnstile;
  readonly #replicaHold: ReplicaHold;
  readonly #calls: PermittedCalls;

  constructor(options: RiskClientOptions) {
    const { gateway, ledger, record, retryPolicy, worthOf, whenBudgetIsSpent, timeoutMs, events } = options;
    const news = new HoldNews(events);
    const replicaHold = new ReplicaHold((kind) => news.over(kind));
    const turnstile = new Turnstile(ledger, replicaHold, 2 * timeoutMs, news);
    this.#retryPolicy = retryPolicy;
    this.#turnstile = turnstile;
    this.#replicaHold = replicaHold;
    this.#calls = new PermittedCalls({
      gateway,
      turnstile,
      replicaHold,
      record,
      retryPolicy,
      worthOf,
      whenBudgetIsSpent,
      onHeld: (hold) => news.held(hold),
      consequences: new Consequences({
        ledger,
        replicaHold,
        onCall: (call) => events.onCall(call),
        onLimited: (code) => events.onLimited(code),
        onHeld: (hold) => news.held(hold),
      }),
      unused: (permitId) => ledger.unused(permitId),
      onPermit: (waitedMs) => events.onPermit(waitedMs),
      onStale: () => events.onStale(),
    });
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#turnstile.inFlight;
  }

  /** What holds this replica alone. */
  get ownHold(): OwnHold | undefined {
    return this.#replicaHold.own(performance.now());
  }

  /** Calls that wait for a permit. */
  get waiting(): number {
    return this.#turnstile.waiting;
  }

  close(): void {
    this.#turnstile.close();
  }

  async score(transaction: Transaction, claim: Claim, urgency: Urgency, hand: Hand): Promise<Scoring> {
    const counted = countedCalls(claim.calls, claim.forgiven);
    const callsLeft = callLimit(this.#retryPolicy) - counted;
    if (callsLeft <= 0) return evidenceOf({ kind: "calls-used-up" }, claim.calls);

    let calls = claim.calls;
    // Kept outside of p-retry, which throws a paid answer away when the signal aborts during its call.
    let last: CallOutcome = { kind: "interrupted" };
    try {
      await pauseFor(claim.nextCallInMs, urgency, hand);
      await pRetry(
        async (attempt) => {
          const call = claim.calls + attempt;
          last = await this.#calls.make({ transaction, claim, call, urgency, hand });
          if (last.kind === "scored" || last.kind === "failed") calls = call;
          if (last.kind === "failed") throw new CallFailed(last.failure);
        },
        {
          retries: callsLeft - 1,
          minTimeout: delayAfterCall(counted + 1, this.#retryPolicy),
          factor: 2,
          shouldRetry: async ({ error }) => {
            if (!(error instanceof CallFailed) || !this.#isWorthACall(error.failure, calls, claim))
              return false;
            const made = countedCalls(calls, claim.forgiven);
            await stayFor(delayAfterCall(made, this.#retryPolicy), urgency, hand);
            return true;
          },
          signal: hand.signal,
        },
      );
    } catch (error) {
      if (error instanceof NotDueInTime) return evidenceOf({ kind: "held", cause: "retry" }, calls);
      if (!(error instanceof CallFailed) && !hand.signal.aborted) throw error;
    }
    return this.#scoringOf(last, calls, claim);
  }

  #scoringOf(last: CallOutcome, calls: number, claim: Claim): Scoring {
    switch (last.kind) {
      case "scored":
        return evidenceOf({ kind: "scored", score: last.score, source: "alipay" }, calls);
      case "failed":
        // A final answer stays one, also where a shutdown cut p-retry short.
        return evidenceOf(
          this.#isWorthACall(last.failure, calls, claim) ? { kind: "interrupted" } : last,
          calls,
        );
      case "held":
      case "interrupted":
        return evidenceOf(last, calls);
      case "settled":
        return last;
      case "lost":
        return { kind: "lost", calls };
    }
  }

  #isWorthACall(failure: Failure, calls: number, { forgiven }: Claim): boolean {
    return afterFailure(failure, countedCalls(calls, forgiven), this.#retryPolicy).next === "call";
  }
}

/** Waits until the next call is due. @throws NotDueInTime */
async function pauseFor(delayMs: number, urgency: Urgency, hand: Hand): Promise<void> {
  if (delayMs <= 0) return;
  await stayFor(delayMs, urgency, hand);
  await sleep(delayMs, undefined, { signal: hand.signal });
}

/**
 * Returns at once where a pause fits into the delivery's stay. Where it does not, a delivery from a lane leaves, and
 * one whose move would only bring it straight back stays for as long as it may.
 * @throws NotDueInTime
 */
async function stayFor(pauseMs: number, urgency: Urgency, { signal }: Hand): Promise<void> {
  const leftMs = urgency.waitsUntilMs - performance.now();
  if (pauseMs < leftMs) return;
  if (!urgency.leavesWhenHeld && leftMs > 0) await sleep(leftMs, undefined, { signal });
  throw new NotDueInTime();
}

const evidenceOf = (evidence: Evidence, calls: number): Scoring => ({ kind: "evidence", evidence, calls });
