import type { Quota } from "../../shared/domain/quota.ts";
import { drawLatencyMs, type Latency } from "../sandbox/latency.ts";
import { QuotaGuard } from "../sandbox/quota-guard.ts";
import { QuotaMeter, type WindowPeak } from "../sandbox/quota-meter.ts";
import type { Random } from "../sandbox/random.ts";

export interface VirtualGatewayOptions {
  /** What we are told. */
  readonly quota: Quota;
  /** What is in force from `fromMs` on, where that is less. */
  readonly realQuota: { readonly quota: Quota; readonly fromMs: number } | undefined;
  /** Limit answers in 24 hours that are borne; the next one is the ban. */
  readonly banAfter: number;
  readonly latency: Latency;
  /** Shares of the calls, out of 1. */
  readonly failures: number;
  readonly rejected: number;
}

/** How one call ends, as far as it matters to what comes next. */
export type VirtualAnswer = "scored" | "failed" | "rejected" | "limited" | "banned";

const BAN_HOURS = 24;
const ALL = 1;

/** A gateway that counts calls as the sandbox does, on a clock that is handed to it. */
export class VirtualGateway {
  readonly #options: VirtualGatewayOptions;
  readonly #random: Random;
  readonly #told: QuotaMeter;
  readonly #guard: QuotaGuard;

  constructor(options: VirtualGatewayOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#told = new QuotaMeter(options.quota);
    this.#guard = new QuotaGuard({
      quota: options.realQuota?.quota ?? [],
      banAfter: options.banAfter,
      banHours: BAN_HOURS,
    });
  }

  /** Judges a call as it arrives; arrivals never go back in time. */
  judge(nowMs: number): { readonly answer: VirtualAnswer; readonly latencyMs: number } {
    this.#told.count(nowMs);
    return { answer: this.#answer(nowMs), latencyMs: drawLatencyMs(this.#options.latency, this.#random) };
  }

  /** The windows that we are told of, and the most calls that each ever held. */
  peaks(): WindowPeak[] {
    return this.#told.peaks();
  }

  #answer(nowMs: number): VirtualAnswer {
    const { realQuota, failures, rejected } = this.#options;
    const admission = this.#guard.admit(nowMs, ALL);
    if (admission === "banned") return "banned";
    if (admission === "limited" && realQuota !== undefined && nowMs >= realQuota.fromMs) {
      return this.#guard.strike(nowMs) ? "banned" : "limited";
    }
    const drawn = this.#random();
    if (drawn < failures) return "failed";
    return drawn < failures + rejected ? "rejected" : "scored";
  }
}
