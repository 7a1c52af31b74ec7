import type { PlannedTransaction } from "./hand.ts";
import type { VirtualAnswer } from "./virtual-gateway.ts";
import type { VirtualPermit } from "./virtual-ledger.ts";

/** One replica: it asks for one permit at a time, and has calls under way. */
export interface VirtualReplica {
  inFlight: number;
  /** Asks again once a call of its own is answered. */
  isFull: boolean;
}

export interface VirtualCall {
  readonly replica: VirtualReplica;
  readonly transaction: PlannedTransaction;
  readonly permit: VirtualPermit;
}

export type CallEnd = VirtualAnswer | "timeout";

/** What is to happen in a plan. */
export type PlanEvent =
  | { readonly kind: "ask"; readonly replica: VirtualReplica }
  | { readonly kind: "departure"; readonly call: VirtualCall }
  | { readonly kind: "answer"; readonly call: VirtualCall; readonly leftMs: number; readonly end: CallEnd }
  /** A call that was never answered is under way no more. */
  | { readonly kind: "loss" }
  | { readonly kind: "return"; readonly transaction: PlannedTransaction };
