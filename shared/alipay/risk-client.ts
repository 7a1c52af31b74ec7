import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import type { Claim, SentReply, StoredScore } from "../domain/claim.ts";
import type { Evidence } from "../domain/evidence.ts";
import type { Failure } from "../domain/failure.ts";
import type { Hold, Permit, Signal } from "../domain/permit.ts";
import { afterFailure, callLimit, delayAfterCall, type RetryPolicy } from "../domain/retry-policy.ts";
import type { Scoring, Urgency } from "../domain/scoring.ts";
import type { Transaction } from "../domain/transaction.ts";
import type { Gateway, GatewayAnswer } from "./gateway.ts";
import { LeastLatency } from "./least-latency.ts";
import { ReplicaHold } from "./replica-hold.ts";
import { Turnstile, type Passage, type PermitSource, type TurnstileEvents } from "./turnstile.ts";
import { UnknownCodeStreak } from "./unknown-code-streak.ts";

/**
 * What the client needs of the shared ledger. Each waits for Redis until `signal` aborts, or is best effort.
 */
export interface Ledger extends PermitSource {
  /** Best effort. */
  answered(permitId: string, arrivedAgoMs: number): void;
  /** Resolves with the hold that it brought about, if it did. */
  signal(permitId: string, signal: Signal, sinceMs: number, abort: AbortSignal): Promise<Hold | undefined>;
  /** Best effort: where it is lost, the next probe lifts the hold. */
  lift(): void;
}

/** The journal's part in a call. */
export interface CallRecord {
  /** Records a call before it leaves; waits for Redis until `signal` aborts. */
  sent(
    claim: Claim,
    call: number,
    permitId: string,
    nextCallInMs: number,
    signal: AbortSignal,
  ): Promise<SentReply>;
  /** Takes a recorded call back that surely never left. Best effort: untold, it counts. */
  unsent(claim: Claim, call: number, permitId: string): Promise<void>;
}

export interface RiskClientEvents extends TurnstileEvents {
  /** A call ended; the gateway's code, or ours where it said nothing. */
  onCall(call: { code: string; latencyMs: number }): void;
  onPermit(waitedMs: number): void;
  /** The gateway refused a call because of too many: every replica slows down. */
  onLimited(code: string): void;
}

export interface RiskClientOptions {
  readonly gateway: Gateway;
  readonly ledger: Ledger;
  readonly record: CallRecord;
  readonly retryPolicy: RetryPolicy;
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

/** Ends the attempts for another reason than a failed call. */
class Stopped extends Error {
  readonly scoring: (calls: number) => Scoring;

  constructor(scoring: (calls: number) => Scoring) {
    super("stopped");
    this.scoring = scoring;
  }
}

const stoppedBy = (evidence: Evidence): Stopped =>
  new Stopped((calls) => ({ kind: "evidence", evidence, calls }));

/** What the attempts have come to so far. */
interface Made {
  calls: number;
  score?: StoredScore;
  failure?: Failure;
}

/** Asks Alipay about one transaction, with the calls that are left to it, within what the ledger permits. */
export class RiskClient {
  readonly #options: RiskClientOptions;
  readonly #turnstile: Turnstile;
  readonly #hold = new ReplicaHold();
  readonly #unknownCodes = new UnknownCodeStreak();
  readonly #leastLatency = new LeastLatency();

  constructor(options: RiskClientOptions) {
    this.#options = options;
    this.#turnstile = new Turnstile(options.ledger, this.#hold, 2 * options.timeoutMs, options.events);
  }

  get inFlight(): number {
    return this.#turnstile.inFlight;
  }

  /** Calls that wait for a permit. */
  get waiting(): number {
    return this.#turnstile.waiting;
  }

  close(): void {
    this.#turnstile.close();
  }

  async score(
    transaction: Transaction,
    claim: Claim,
    urgency: Urgency,
    signal: AbortSignal,
  ): Promise<Scoring> {
    const { retryPolicy } = this.#options;
    const callsLeft = callLimit(retryPolicy) - claim.calls;
    if (callsLeft <= 0) return { kind: "evidence", evidence: { kind: "calls-used-up" }, calls: claim.calls };

    // One patience for all calls: the delivery is in hand all the while.
    const untilMs = performance.now() + urgency.patienceMs;
    // Kept outside of p-retry, which throws a paid answer away when the signal aborts during its call.
    const made: Made = { calls: claim.calls };
    try {
      if (claim.nextCallInMs > 0) await sleep(claim.nextCallInMs, undefined, { signal });
      await pRetry(
        async (attempt) => {
          const call = claim.calls + attempt;
          const answer = await this.#call(transaction, claim, call, urgency, untilMs, signal);
          made.calls = call;
          if (answer.kind === "failed") {
            made.failure = answer.failure;
            throw new CallFailed(answer.failure);
          }
          const { riskScore, ruleCodes, traceId } = answer;
          made.score = { riskScore, ruleCodes, traceId };
        },
        {
          retries: callsLeft - 1,
          minTimeout: delayAfterCall(claim.calls + 1, retryPolicy),
          factor: 2,
          shouldRetry: ({ error }) =>
            error instanceof CallFailed &&
            afterFailure(error.failure, made.calls, retryPolicy).next === "call",
          signal,
        },
      );
    } catch (error) {
      if (made.score === undefined) return this.#explain(error, made, signal);
    }
    return made.score === undefined
      ? { kind: "lost", calls: made.calls }
      : {
          kind: "evidence",
          evidence: { kind: "scored", score: made.score, source: "alipay" },
          calls: made.calls,
        };
  }

  #explain(error: unknown, { calls, failure }: Made, signal: AbortSignal): Scoring {
    // A final answer stays one, also where a shutdown cut p-retry short.
    if (failure !== undefined && afterFailure(failure, calls, this.#options.retryPolicy).next !== "call") {
      return { kind: "evidence", evidence: { kind: "failed", failure }, calls };
    }
    if (error instanceof Stopped) return error.scoring(calls);
    if (signal.aborted) return { kind: "evidence", evidence: { kind: "interrupted" }, calls };
    throw error;
  }

  /** One call that really left, however many permits went stale before. */
  async #call(
    transaction: Transaction,
    claim: Claim,
    call: number,
    urgency: Urgency,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<Exclude<GatewayAnswer, { kind: "not-sent" }>> {
    for (;;) {
      const { permit, isProbe } = await this.#pass(call, urgency, untilMs, signal);
      try {
        await this.#record(claim, call, signal, permit);
        const askedAtMs = performance.now();
        const answer = await this.#options.gateway.detect(transaction, {
          beforeDeparture: () => permit.isFresh(),
          signal,
        });
        if (answer.kind !== "not-sent") {
          return { ...answer, ...(await this.#heed(answer, permit, isProbe, transaction, signal)) };
        }
        this.#options.ledger.unused(permit.id);
        await this.#options.record.unsent(claim, call, permit.id);
        if (answer.why === "aborted") throw stoppedBy({ kind: "interrupted" });
        if (answer.why === "unreachable") this.#holdUnreachable(answer.detail, askedAtMs);
      } finally {
        this.#turnstile.leave();
      }
    }
  }

  async #pass(
    call: number,
    urgency: Urgency,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<Extract<Passage, { kind: "pass" }>> {
    const enteredAt = performance.now();
    for (;;) {
      const leftMs = untilMs - performance.now();
      const passage = await this.#turnstile.enter({
        ...urgency,
        patienceMs: leftMs,
        call,
        callLimit: callLimit(this.#options.retryPolicy),
        signal,
      });
      switch (passage.kind) {
        case "pass":
          this.#options.events.onPermit(performance.now() - enteredAt);
          return passage;
        case "interrupted":
          throw stoppedBy({ kind: "interrupted" });
        case "held":
          throw stoppedBy({ kind: "held", cause: passage.cause });
        case "later":
          await sleep(Math.max(50, Math.min(passage.waitMs, leftMs)), undefined, { signal });
      }
    }
  }

  async #record(claim: Claim, call: number, signal: AbortSignal, permit: Permit): Promise<void> {
    const { record, retryPolicy, ledger } = this.#options;
    const reply = await record.sent(claim, call, permit.id, delayAfterCall(call, retryPolicy), signal);
    if (reply.kind === "recorded") return;
    ledger.unused(permit.id);
    throw new Stopped((calls) =>
      reply.kind === "settled" ? { kind: "settled", outcome: reply.outcome } : { kind: "lost", calls },
    );
  }

  /** Tells the others what the answer means for them. Gives the failure as it is to be taken. */
  async #heed(
    answer: Exclude<GatewayAnswer, { kind: "not-sent" }>,
    permit: Permit,
    isProbe: boolean,
    transaction: Transaction,
    signal: AbortSignal,
  ): Promise<{ failure?: Failure }> {
    const { ledger, events } = this.#options;
    const nowMs = performance.now();
    const { latencyMs } = answer;
    if (answer.isAnswered) ledger.answered(permit.id, this.#leastLatency.observe(latencyMs, nowMs));
    const failure = this.#judge(answer, isProbe, transaction);
    events.onCall({ code: failure?.code ?? "10000", latencyMs });

    switch (failure?.kind) {
      case "quota":
      case "banned":
      case "permission":
        await this.#tell(permit, failure, latencyMs, signal);
        break;
      case "clock-skew":
        this.#hold.engage(
          "clock-skew",
          `${failure.code}, ${failure.skewMs ?? "unknown"} ms`,
          nowMs - latencyMs,
          nowMs,
        );
        break;
      case "retryable":
        break;
      case "permanent":
      case "unknown-code":
      case undefined:
        this.#hold.lift();
        if (isProbe) ledger.lift();
    }
    return failure === undefined ? {} : { failure };
  }

  /** An abort meanwhile costs the telling, not the answer. */
  async #tell(permit: Permit, failure: Signal, sinceMs: number, signal: AbortSignal): Promise<void> {
    try {
      const hold = await this.#options.ledger.signal(permit.id, failure, sinceMs, signal);
      if (hold !== undefined) this.#turnstile.noteHold(hold);
      if (failure.kind === "quota") this.#options.events.onLimited(failure.code);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #judge(
    answer: Exclude<GatewayAnswer, { kind: "not-sent" }>,
    isProbe: boolean,
    { transactionId }: Transaction,
  ): Failure | undefined {
    const failure = answer.kind === "failed" ? answer.failure : undefined;
    if (failure?.kind !== "unknown-code") {
      this.#unknownCodes.reset();
      return failure;
    }
    if (!isProbe && !this.#unknownCodes.isSuspicious(failure.code, transactionId)) return failure;
    return { kind: "permission", code: failure.code, detail: failure.detail };
  }

  #holdUnreachable(detail: string, askedAtMs: number): void {
    this.#hold.engage("unreachable", detail, askedAtMs, performance.now());
  }
}
