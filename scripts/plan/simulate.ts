import { LeastLatency } from "../../shared/alipay/least-latency.ts";
import { MOST_IN_FLIGHT } from "../../shared/alipay/turnstile.ts";
import type { Failure } from "../../shared/domain/failure.ts";
import { afterFailure, callLimit } from "../../shared/domain/retry-policy.ts";
import type { WindowPeak } from "../sandbox/quota-meter.ts";
import { createRandom } from "../sandbox/random.ts";
import { EventQueue } from "./event-queue.ts";
import { Fifo } from "./fifo.ts";
import type { PlannedTransaction } from "./hand.ts";
import { Intake } from "./intake.ts";
import type { PlanOptions } from "./plan-options.ts";
import { HELD_NAP_MS, LATE_MS, napMs, REPLICA_PACE, SHORTEST_LATER_MS } from "./replica-pace.ts";
import { Tally, type Ending } from "./tally.ts";
import { VirtualGateway, type VirtualAnswer } from "./virtual-gateway.ts";
import { VirtualLedger, type VirtualPermit } from "./virtual-ledger.ts";

/** What became of it. */
export interface Simulated {
  readonly tally: Tally;
  /** What the gateway saw of the quota. */
  readonly peaks: readonly WindowPeak[];
}

/** So long after the last arrival it ends, whatever still waits. */
const LONGEST_AFTERMATH_MS = 30 * 86_400_000;

/** Runs a plan in virtual time. `onStep` hears of the time about once for each step of the series. */
export function simulate(options: PlanOptions, onStep: (nowMs: number) => void = () => undefined): Simulated {
  return new Simulation(options, onStep).run();
}

/** One replica: its turnstile, which asks for one permit at a time, and its calls. */
interface Replica {
  readonly leastLatency: LeastLatency;
  inFlight: number;
  /** Asks again once a call of its own is answered. */
  isFull: boolean;
}

interface Call {
  readonly replica: Replica;
  readonly transaction: PlannedTransaction;
  readonly permit: VirtualPermit;
}

type CallEnd = VirtualAnswer | "timeout";

type Event =
  | { readonly kind: "ask"; readonly replica: Replica }
  | { readonly kind: "departure"; readonly call: Call }
  | { readonly kind: "answer"; readonly call: Call; readonly leftMs: number; readonly end: CallEnd }
  /** A call that was never answered is under way no more. */
  | { readonly kind: "loss" }
  | { readonly kind: "return"; readonly transaction: PlannedTransaction };

/** What the policy is asked about. */
const FAILURES: Readonly<Record<Exclude<CallEnd, "scored">, Failure>> = {
  failed: { kind: "retryable", code: "20000", detail: "" },
  timeout: { kind: "retryable", code: "timeout", detail: "" },
  rejected: { kind: "permanent", code: "40004", detail: "" },
  limited: { kind: "quota", code: "40005", retryAfterMs: undefined },
  banned: { kind: "banned", code: "40006" },
};

class Simulation {
  readonly #options: PlanOptions;
  readonly #onStep: (nowMs: number) => void;
  readonly #events = new EventQueue<Event>();
  readonly #ledger: VirtualLedger;
  readonly #gateway: VirtualGateway;
  readonly #tally: Tally;
  readonly #intake: Intake;
  /** Those that wait for a permit: first come, first served. */
  readonly #line = new Fifo<PlannedTransaction>();
  /** Replicas with nobody to ask for. */
  readonly #idle = new Fifo<Replica>();
  /** Replicas that wait until fewer calls are under way. */
  #crowded: Replica[] = [];
  #heldUntilMs = -Infinity;
  #nowMs = 0;
  #nextStepMs = 0;

  constructor(options: PlanOptions, onStep: (nowMs: number) => void) {
    const { quota, gateway, replicas, seed } = options;
    this.#options = options;
    this.#onStep = onStep;
    this.#ledger = new VirtualLedger(options);
    // Everything random has a generator of its own, so that one draw more does not change all the rest.
    this.#gateway = new VirtualGateway({ ...gateway, quota }, createRandom(seed + 1));
    this.#tally = new Tally(options.durationMs);
    this.#intake = new Intake(options, this.#tally);
    for (let count = 0; count < replicas; count += 1) {
      this.#idle.push({ leastLatency: new LeastLatency(), inFlight: 0, isFull: false });
    }
  }

  run(): Simulated {
    const endMs = this.#options.durationMs + LONGEST_AFTERMATH_MS;
    for (;;) {
      const takeUpMs = Math.max(this.#nowMs, this.#intake.nextAtMs(this.#nowMs < this.#heldUntilMs));
      const eventMs = this.#events.nextAtMs;
      const nextMs = Math.min(takeUpMs, eventMs);
      if (nextMs === Infinity || nextMs > endMs) break;
      this.#proceed(nextMs);
      if (takeUpMs <= eventMs) this.#takeUp();
      else this.#handle(this.#events.pop());
    }
    this.#intake.close();
    return { tally: this.#tally, peaks: this.#gateway.peaks() };
  }

  #proceed(toMs: number): void {
    this.#nowMs = toMs;
    if (toMs < this.#nextStepMs) return;
    this.#onStep(toMs);
    this.#nextStepMs = toMs + this.#tally.stepMs;
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
    this.#line.push(transaction);
    const replica = this.#idle.shift();
    if (replica !== undefined) this.#ask(replica);
  }

  #handle(event: Event | undefined): void {
    switch (event?.kind) {
      case undefined:
        return;
      case "ask":
        return this.#ask(event.replica);
      case "departure":
        return this.#depart(event.call);
      case "answer":
        return this.#heed(event);
      case "loss":
        return this.#makeWay();
      case "return":
        return this.#enter(event.transaction);
    }
  }

  /** The replica asks for the next permit, for whoever is first in line. */
  #ask(replica: Replica): void {
    const transaction = this.#line.peek();
    if (transaction === undefined) return this.#idle.push(replica);
    if (replica.inFlight >= MOST_IN_FLIGHT) {
      replica.isFull = true;
      return;
    }
    const limit = callLimit(this.#options.retryPolicy);
    const reply = this.#ledger.permit(transaction.calls + 1, limit, this.#nowMs);
    const repliedMs = this.#nowMs + REPLICA_PACE.PERMIT_MS;
    switch (reply.kind) {
      case "granted": {
        this.#line.shift();
        const call = { replica, transaction, permit: reply.permit };
        const passageMs = repliedMs + napMs(reply.permit.call.startMs - this.#nowMs);
        return this.#events.push(passageMs, { kind: "departure", call });
      }
      case "wait":
        return this.#events.push(repliedMs + napMs(reply.waitMs), { kind: "ask", replica });
      case "crowded":
        this.#crowded.push(replica);
        return;
      case "later": {
        this.#line.shift();
        const againMs = repliedMs + Math.max(SHORTEST_LATER_MS, reply.waitMs);
        this.#events.push(againMs, { kind: "return", transaction });
        return this.#events.push(repliedMs, { kind: "ask", replica });
      }
      case "held":
        this.#heldUntilMs = this.#nowMs + reply.waitMs;
        return this.#events.push(repliedMs + Math.min(reply.waitMs, HELD_NAP_MS), { kind: "ask", replica });
    }
  }

  #depart(call: Call): void {
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
    this.#ask(replica);
  }

  #heed({ call, leftMs, end }: Extract<Event, { kind: "answer" }>): void {
    const { replica, permit } = call;
    this.#tally.answer(end, this.#nowMs);
    replica.inFlight -= 1;
    if (end === "timeout") {
      this.#events.push(permit.call.latestMs + 1, { kind: "loss" });
    } else {
      const leastMs = replica.leastLatency.observe(this.#nowMs - leftMs, this.#nowMs);
      this.#tellLedger(end, permit, this.#nowMs - leastMs, leftMs);
      this.#makeWay();
    }
    this.#decide(call.transaction, end);
    if (!replica.isFull) return;
    replica.isFull = false;
    this.#ask(replica);
  }

  #tellLedger(end: VirtualAnswer, permit: VirtualPermit, arrivedMs: number, leftMs: number): void {
    if (end === "limited") {
      this.#ledger.limited(permit, arrivedMs, leftMs, this.#nowMs);
      this.#tally.strikes(this.#ledger.strikes(this.#nowMs));
      return;
    }
    this.#ledger.answered(permit, arrivedMs, this.#nowMs);
    if (end === "banned") this.#ledger.banned(this.#nowMs);
    else if (permit.isProbe && end !== "failed") this.#ledger.lift(this.#nowMs);
  }

  /** Fewer calls are under way: those who waited for that ask again, as soon as they look. */
  #makeWay(): void {
    for (const replica of this.#crowded) {
      this.#events.push(this.#nowMs + REPLICA_PACE.CROWDED_MS, { kind: "ask", replica });
    }
    if (this.#crowded.length > 0) this.#crowded = [];
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
