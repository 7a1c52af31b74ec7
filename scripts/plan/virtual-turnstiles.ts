import { MOST_IN_FLIGHT } from "../../shared/alipay/most-in-flight.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import type { Random } from "../sandbox/random.ts";
import type { EventQueue } from "./event-queue.ts";
import { Fifo } from "./fifo.ts";
import type { PlannedTransaction } from "./hand.ts";
import type { PlanEvent, VirtualReplica } from "./plan-event.ts";
import { HELD_NAP_MS, napMs, REPLICA_PACE, SHORTEST_LATER_MS } from "./replica-pace.ts";
import type { VirtualLedger, VirtualReply } from "./virtual-ledger.ts";

export interface VirtualTurnstilesOptions {
  readonly replicas: number;
  /** Calls of a transaction at most. */
  readonly callLimit: number;
  readonly ledger: VirtualLedger;
  readonly events: EventQueue<PlanEvent>;
  readonly random: Random;
}

/** Transactions that wait for a permit, first come, first served, and the replicas that ask for one. */
export class VirtualTurnstiles {
  readonly #options: VirtualTurnstilesOptions;
  readonly #line = new Fifo<PlannedTransaction>();
  /** Replicas with nobody to ask for. */
  readonly #idle = new Fifo<VirtualReplica>();
  /** Replicas that wait until fewer calls are under way. */
  #crowded: VirtualReplica[] = [];
  #heldUntilMs = -Infinity;

  constructor(options: VirtualTurnstilesOptions) {
    this.#options = options;
    for (let count = 0; count < options.replicas; count += 1) {
      this.#idle.push({ inFlight: 0, isFull: false });
    }
  }

  areHeld(nowMs: number): boolean {
    return nowMs < this.#heldUntilMs;
  }

  enter(transaction: PlannedTransaction, nowMs: number): void {
    this.#line.push(transaction);
    const replica = this.#idle.shift();
    if (replica !== undefined) this.ask(replica, nowMs);
  }

  /** The replica asks for the next permit, for whoever is first in line. */
  ask(replica: VirtualReplica, nowMs: number): void {
    const transaction = this.#line.peek();
    if (transaction === undefined) return this.#idle.push(replica);
    if (replica.inFlight >= MOST_IN_FLIGHT) {
      replica.isFull = true;
      return;
    }
    const { ledger, callLimit } = this.#options;
    const reply = ledger.permit(transaction.calls + 1, callLimit, nowMs);
    this.#apply(reply, replica, transaction, nowMs);
  }

  /** A call of the replica is over. */
  leave(replica: VirtualReplica, nowMs: number): void {
    replica.inFlight -= 1;
    if (!replica.isFull) return;
    replica.isFull = false;
    this.ask(replica, nowMs);
  }

  /** Fewer calls are under way: those who waited for that ask again, as soon as they look. */
  makeWay(nowMs: number): void {
    if (this.#crowded.length === 0) return;
    for (const replica of this.#crowded) {
      this.#options.events.push(nowMs + REPLICA_PACE.CROWDED_MS, { kind: "ask", replica });
    }
    this.#crowded = [];
  }

  /** Replicas ask again at different moments, as permit.lua tells them to. */
  #spreadMs(): number {
    return this.#options.random() * LEDGER_RULES.ASKED_AGAIN_WITHIN_MS;
  }

  #apply(reply: VirtualReply, replica: VirtualReplica, transaction: PlannedTransaction, nowMs: number): void {
    const { events } = this.#options;
    const repliedMs = nowMs + REPLICA_PACE.PERMIT_MS;
    switch (reply.kind) {
      case "granted": {
        this.#line.shift();
        const call = { replica, transaction, permit: reply.permit };
        return events.push(repliedMs + napMs(reply.permit.call.startMs - nowMs), { kind: "departure", call });
      }
      case "wait":
        return events.push(repliedMs + napMs(reply.waitMs + this.#spreadMs()), { kind: "ask", replica });
      case "crowded":
        this.#crowded.push(replica);
        return;
      case "later":
        this.#line.shift();
        events.push(repliedMs + Math.max(SHORTEST_LATER_MS, reply.waitMs), { kind: "return", transaction });
        return events.push(repliedMs, { kind: "ask", replica });
      case "held":
        this.#heldUntilMs = nowMs + reply.waitMs;
        return events.push(repliedMs + Math.min(reply.waitMs, HELD_NAP_MS), { kind: "ask", replica });
    }
  }
}
