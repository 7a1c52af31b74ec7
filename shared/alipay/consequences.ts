import { SUCCESS_CODE, type Failure } from "../domain/failure.ts";
import type { Hold, Permit, Signal } from "../domain/permit.ts";
import type { Transaction } from "../domain/transaction.ts";
import type { GatewayAnswer } from "./gateway.ts";
import type { ReplicaHold } from "./replica-hold.ts";
import { UnknownCodeStreak } from "./unknown-code-streak.ts";

/** A call that left, and what became of it. */
export type CallMade = Exclude<GatewayAnswer, { kind: "not-sent" }>;

/** What answers are told to. */
export interface Audience {
  readonly ledger: {
    /** The call was answered, so long after it left. Best effort. */
    answered(permitId: string, latencyMs: number): void;
    /**
     * Waits for Redis for as long as this replica lives, whatever becomes of the delivery; resolves with the hold that it
     * brought about, if it did.
     */
    signal(permitId: string, signal: Signal, sinceMs: number): Promise<Hold | undefined>;
    /** Best effort: where it is lost, the next probe lifts the hold. */
    lift(): void;
  };
  readonly replicaHold: ReplicaHold;
  readonly onCall: (call: { code: string; latencyMs: number }) => void;
  readonly onLimited: (code: string) => void;
  readonly onHeld: (hold: Hold) => void;
}

/** What one call's answer means for all other calls. */
export class Consequences {
  readonly #audience: Audience;
  readonly #unknownCodes = new UnknownCodeStreak();

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  /** Tells whom it concerns. Gives the failure as it is to be taken, or undefined for a score. */
  async heed(
    answer: CallMade,
    { permit, isProbe }: { readonly permit: Permit; readonly isProbe: boolean },
    transaction: Transaction,
  ): Promise<Failure | undefined> {
    const { ledger, replicaHold, onCall } = this.#audience;
    const nowMs = performance.now();
    const { latencyMs } = answer;
    const departedAtMs = nowMs - latencyMs;
    const failure = this.#judge(answer, isProbe, transaction);
    // A limit answer is told as one, and frees no place among the calls under way before it is a strike.
    if (answer.isAnswered && failure?.kind !== "quota") ledger.answered(permit.id, latencyMs);
    onCall({ code: failure?.code ?? SUCCESS_CODE, latencyMs });

    // Whatever it says, the gateway can be reached.
    if (answer.isAnswered) replicaHold.lift(departedAtMs, "unreachable");
    switch (failure?.kind) {
      case "quota":
      case "banned":
      case "permission":
        await this.#tellAll(permit, failure, latencyMs);
        break;
      case "clock-skew": {
        const { code, skewMs } = failure;
        const cause = `${code}, ${skewMs === undefined ? "unknown" : Math.round(skewMs)} ms`;
        replicaHold.engage("clock-skew", cause, departedAtMs, nowMs);
        break;
      }
      case "retryable":
        replicaHold.postponeProbe(permit.id, nowMs);
        break;
      case "permanent":
      case "unknown-code":
      case undefined:
        replicaHold.lift(departedAtMs);
        if (isProbe) ledger.lift();
    }
    return failure;
  }

  /** An unknown code is about the transaction, until it comes too often, or answers a probe. */
  #judge(answer: CallMade, isProbe: boolean, { transactionId }: Transaction): Failure | undefined {
    const failure = answer.kind === "failed" ? answer.failure : undefined;
    if (failure?.kind !== "unknown-code") {
      if (answer.isAnswered) this.#unknownCodes.reset();
      return failure;
    }
    if (!isProbe && !this.#unknownCodes.isSuspicious(failure.code, transactionId)) return failure;
    return { kind: "permission", code: failure.code, detail: failure.detail };
  }

  async #tellAll(permit: Permit, failure: Signal, sinceMs: number): Promise<void> {
    const { ledger, onHeld, onLimited } = this.#audience;
    if (failure.kind === "quota") onLimited(failure.code);
    const hold = await ledger.signal(permit.id, failure, sinceMs);
    if (hold !== undefined) onHeld(hold);
  }
}
