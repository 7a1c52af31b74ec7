import type { Failure } from "../../shared/domain/failure.ts";
import { afterFailure, callLimit } from "../../shared/domain/retry-policy.ts";
import type { WindowPeak } from "../sandbox/quota-meter.ts";
import { createRandom } from "../sandbox/random.ts";
import { EventQueue } from "./event-queue.ts";
import type { PlannedTransaction } from "./hand.ts";
import { Intake } from "./intake.ts";
import type { CallEnd, PlanEvent, VirtualCall } from "./plan-event.ts";
import type { PlanOptions } from "./plan-options.ts";
import { LATE_MS, REPLICA_PACE } from "./replica-pace.ts";
import { Tally, type Ending } from "./tally.ts";
import { VirtualGateway, type VirtualAnswer } from "./virtual-gateway.ts";
import { VirtualLedger, type VirtualPermit } from "./virtual-ledger.ts";
import { VirtualTurnstiles } from "./virtual-turnstiles.ts";

/** What became of it. */
export interface Simulated {
  readonly tally: Tally;
  /** What the gateway saw of the quota. */
  readonly peaks: readonly WindowPeak[];
}

/** So long after the last arrival it ends, whatever still waits. */
const LONGEST_AFTERMATH_MS = 30 * 86_400_000;

/** What the policy is asked about. */
const FAILURES: Readonly<Record<Exclude<CallEnd, "scored">, Failure>> = {
  failed: { kind: "retryable", code: "20000", detail: "" },
  timeout: { kind: "retryable", code: "timeout", detail: "" },
  rejected: { kind: "permanent", code: "40004", detail: "" },
  limited: { kind: "quota", code: "40005", retryAfterMs: undefined },
  banned: { kind: "banned", code: "40006" },
};

/** Runs a plan in virtual time. */
export function simulate(options: PlanOptions): Simulated {
  const steps = simulateInSteps(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, but gives the time in ms now and then, about once for each step of the series. */
export function simulateInSteps(options: PlanOptions): Generator<number, Simulated> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: PlanOptions;
  readonly #events = new EventQueue<PlanEvent>();
  readonly #ledger: VirtualLedger;
  readonly #turnstiles: VirtualTurnstiles;
  readonly #gateway: VirtualGateway;
  readonly #tally: Tally;
  readonly #intake: Intake;
  #nowMs = 0;

  constructor(options: PlanOptions) {
    const { quota, gateway, replicas, retryPolicy, seed } = options;
    this.#options = options;
    this.#ledger = new VirtualLedger(options);
    this.#turnstiles = new VirtualTurnstiles({
      replicas,
      callLimit: callLimit(retryPolicy),
      ledger: this.#ledger,
      events: this.#events,
      random: createRandom(seed + 3),
    });
    // Everything random has a generator of its own, so that one draw more does not change all the rest.
    this.#gateway = new VirtualGateway({ ...gateway, quota }, createRandom(seed + 1));
    this.#tally = new Tally(options.durationMs);
    this.#intake = new Intake(options, this.#tally);
  }

  *run(): Generator<number, Simulated> {
    const endMs = this.#options.durationMs + LONGEST_AFTERMATH_MS;
    let nextStepMs = 0;
    for (;;) {
      const areHeld = this.#turnstiles.areHeld(this.#nowMs);
      const takeUpMs = Math.max(this.#nowMs, this.#intake.nextAtMs(areHeld));
      const eventMs = this.#events.nextAtMs;
      const nextMs = Math.min(takeUpMs, eventMs);
      if (nextMs === Infinity || nextMs > endMs) break;
      this.#nowMs = nextMs;
      if (takeUpMs <= eventMs) this.#takeUp();
      else this.#handle(this.#events.pop());
      if (nextMs < nextStepMs) continue;
      nextStepMs = nextMs + this.#tally.stepMs;
      yield nextMs;
    }
    this.#intake.close();
    return { tally: this.#tally, peaks: this.#gateway.peaks() };
  }

  #takeUp(): void {
    const takenUp = this.#intake.take(this.#nowMs);
    if (takenUp.kind === "call") return this.#enter(takenUp.transaction);
    this.#noteWait(takenUp.arrivedAtMs);
    this.#settle(takenUp.ending, takenUp.arrivedAtMs);
  }

  #noteWait(arrivedAtMs: number): void {
    if (this.#nowMs - arrivedAtMs > LATE_MS) this.#tally.lastLateMs = this.#nowMs;
  }

  #enter(transaction: PlannedTransaction): void {
    this.#turnstiles.enter(transaction, this.#nowMs);
  }

  #handle(event: PlanEvent | undefined): void {
    switch (event?.kind) {
      case undefined:
        return;
      case "ask":
        return this.#turnstiles.ask(event.replica, this.#nowMs);
      case "departure":
        return this.#pass(event.call);
      case "answer":
        return this.#heed(event);
      case "loss":
        return this.#turnstiles.makeWay(this.#nowMs);
      case "return":
        return this.#enter(event.transaction);
    }
  }

  /** The start that was permitted has come; meanwhile a limit answer may have come, too. */
  #pass(call: VirtualCall): void {
    const { replica, transaction, permit } = call;
    if (this.#ledger.mayLeave(this.#nowMs)) {
      this.#depart(call);
    } else {
      this.#ledger.unused(permit);
      this.#enter(transaction);
      this.#turnstiles.makeWay(this.#nowMs);
    }
    this.#turnstiles.ask(replica, this.#nowMs);
  }

  #depart(call: VirtualCall): void {
    const { replica, transaction } = call;
    const { timeoutMs } = this.#options;
    const leftMs = this.#nowMs + REPLICA_PACE.DEPARTURE_MS;
    if (transaction.calls === 0) this.#noteWait(transaction.arrivedAtMs);
    transaction.calls += 1;
    replica.inFlight += 1;
    this.#tally.call(leftMs, transaction.calls);
    const { answer, latencyMs } = this.#gateway.judge(leftMs);
    const end = latencyMs < timeoutMs ? answer : "timeout";
    this.#events.push(leftMs + Math.min(latencyMs, timeoutMs), { kind: "answer", call, leftMs, end });
  }

  #heed({ call, leftMs, end }: Extract<PlanEvent, { kind: "answer" }>): void {
    const { replica, transaction, permit } = call;
    this.#tally.answer(end, this.#nowMs);
    if (end === "timeout") {
      this.#events.push(permit.call.latestMs + 1, { kind: "loss" });
    } else {
      this.#tellLedger(end, permit, leftMs);
      this.#turnstiles.makeWay(this.#nowMs);
    }
    this.#decide(transaction, end);
    this.#turnstiles.leave(replica, this.#nowMs);
  }

  #tellLedger(end: VirtualAnswer, permit: VirtualPermit, leftMs: number): void {
    if (end === "limited") {
      this.#ledger.limited(permit, leftMs, this.#nowMs);
      this.#tally.strikes(this.#ledger.strikes(this.#nowMs));
      return;
    }
    this.#ledger.answered(permit, leftMs, this.#nowMs);
    if (end === "banned") this.#ledger.banned(this.#nowMs);
    else if (permit.isProbe && end !== "failed") this.#ledger.lift(this.#nowMs);
  }

  #decide(transaction: PlannedTransaction, end: CallEnd): void {
    if (end === "scored") return this.#conclude("scored", transaction);
    const after = afterFailure(FAILURES[end], transaction.calls, this.#options.retryPolicy);
    switch (after.next) {
      case "call":
        return this.#events.push(this.#nowMs + after.delayMs, { kind: "return", transaction });
      case "dead-letter":
        return this.#conclude(after.reason, transaction);
      case "hold":
        return this.#enter(transaction);
    }
  }

  #conclude(ending: Ending, transaction: PlannedTransaction): void {
    this.#intake.putDown(transaction);
    this.#settle(ending, transaction.arrivedAtMs);
  }

  #settle(ending: Ending, arrivedAtMs: number): void {
    this.#tally.ending(ending, arrivedAtMs, this.#nowMs + REPLICA_PACE.HANDLING_MS);
  }
}
