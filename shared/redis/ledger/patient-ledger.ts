import type { Hold, OwnHold, PermitReply, Signal } from "../../domain/permit.ts";
import type { LedgerOverview } from "./ledger-overview.ts";
import { persist, type Patience } from "../persist.ts";
import type { QuotaLedger } from "./quota-ledger.ts";

/** The ledger as a worker uses it: it waits for Redis where the answer matters, and not where it does not. */
export class PatientLedger {
  readonly #ledger: QuotaLedger;
  readonly #patience: Omit<Patience, "lastMoment">;
  /** Until then a signal is told, also while a graceful stop goes on. */
  readonly #lastMoment: AbortSignal;

  constructor(ledger: QuotaLedger, { lastMoment, ...patience }: Patience) {
    this.#ledger = ledger;
    this.#patience = patience;
    this.#lastMoment = lastMoment;
  }

  /** Redis' clock minus this machine's, as of the last answer. */
  get clockOffsetMs(): number {
    return this.#ledger.clockOffsetMs;
  }

  permit(call: number, callLimit: number, most: number, signal: AbortSignal): Promise<PermitReply> {
    return persist(() => this.#ledger.permit(call, callLimit, most), { ...this.#patience, signal });
  }

  /**
   * No replica may go on calling because Redis was away when the gateway said stop, or because this one was about to end.
   * The last moment costs the telling, not the answer.
   */
  async signal(permitId: string, signal: Signal, sinceMs: number): Promise<Hold | undefined> {
    const sentAt = performance.now() - sinceMs;
    try {
      const hold = await persist(() => this.#ledger.signal(permitId, signal, performance.now() - sentAt), {
        ...this.#patience,
        signal: this.#lastMoment,
      });
      // Remembered at once: Redis may lose it before the next heartbeat.
      this.#ledger.heartbeat().catch(this.#patience.onTrouble);
      return hold;
    } catch (error) {
      if (this.#lastMoment.aborted) return undefined;
      throw error;
    }
  }

  /** @see QuotaLedger.watchOwnHold */
  watchOwnHold(current: () => OwnHold | undefined): void {
    this.#ledger.watchOwnHold(current);
  }

  /** @see QuotaLedger.heartbeat */
  heartbeat(): Promise<LedgerOverview> {
    return this.#ledger.heartbeat();
  }

  /** Best effort: untold, the call counts until its deadline. */
  answered(permitId: string, latencyMs: number): void {
    this.#ledger.answered(permitId, latencyMs).catch(this.#patience.onTrouble);
  }

  /** Best effort: untold, the permit counts as used. */
  unused(permitId: string): void {
    this.#ledger.unused(permitId).catch(this.#patience.onTrouble);
  }

  /** Best effort: where it is lost, the next probe lifts the hold. */
  lift(): void {
    this.#ledger.lift().catch(this.#patience.onTrouble);
  }
}
