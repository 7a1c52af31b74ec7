import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Hold, PermitReply, Signal } from "../domain/permit.ts";
import type { Quota } from "../domain/quota.ts";
import { ledgerKeys, type LedgerKeys } from "./ledger-keys.ts";
import { LEDGER_PRELUDE } from "./ledger-rules.ts";
import { loadScript } from "./script.ts";

/** A permit is given up when its call has not left this long after its start. */
const FRESH_FOR_MS = 250;

const MINUTE_MS = 60_000;
/** Permission holds: probes after 1, 2, 4 … 30 minutes. */
const PERMISSION_HOLD_MS = { first: MINUTE_MS, longest: 30 * MINUTE_MS };

export interface LedgerSettings {
  readonly appId: string;
  readonly gatewayUrl: string;
  /** Tells sets of credentials apart; a hold for a wrong key concerns only those who use it. */
  readonly credentialsId: string;
  readonly quota: Quota;
  /** "none": the operator vouches that an empty Redis means that no calls were made before. */
  readonly history: "unknown" | "none";
  /** The call's own deadline. */
  readonly timeoutMs: number;
  readonly freezeMs: number;
  readonly strikesPerDay: number;
  /** Which replica, for the record of a hold. */
  readonly worker: string;
  /** Replicas of this application run with different quotas: the strictest counts. Told when it begins. */
  readonly onQuotasDisagree?: () => void;
}

/** A hold of a kind that only a newer replica knows is a hold all the same. */
const heldBySchema = z.enum(["banned", "permission", "strikes"]).catch("permission");

const head = [z.string(), z.number(), z.coerce.number()] as const;
const replySchema = z.union([
  z.tuple([...head, z.literal("granted"), z.coerce.number(), z.number()]),
  z.tuple([...head, z.literal("wait"), z.number()]),
  z.tuple([...head, z.literal("later"), z.number()]),
  z.tuple([...head, z.literal("held"), heldBySchema, z.string(), z.number()]),
]);

/**
 * The shared quota of one application at one gateway: permits, brake, freeze and holds. Redis keeps it and
 * Redis' clock judges it; without an answer from Redis there is no permit.
 */
export class QuotaLedger {
  readonly #settings: LedgerSettings;
  readonly #keys: LedgerKeys;
  readonly #quotaText: string;
  /** The longest life of a request after its start. */
  readonly #lifeMs: number;
  readonly #replica = randomUUID();
  readonly #scripts;
  #permits = 0;
  /** The ledger as this replica last met it: another one has forgotten calls that we know were made. */
  #epoch = "";
  #quotasDisagree = false;
  #clockOffsetMs = 0;

  constructor(client: Redis, settings: LedgerSettings) {
    this.#settings = settings;
    this.#keys = ledgerKeys(settings);
    this.#lifeMs = FRESH_FOR_MS + settings.timeoutMs;
    this.#quotaText = settings.quota.map(({ calls, windowMs }) => `${calls}/${windowMs}`).join(",");
    const load = (name: string) => loadScript(client, name, LEDGER_PRELUDE);
    this.#scripts = {
      permit: load("permit"),
      answered: load("permit-answered"),
      unused: load("permit-unused"),
      brake: load("brake"),
      hold: load("hold"),
      lift: loadScript(client, "lift"),
    };
  }

  /** Redis' clock minus this machine's, as of the last permit. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** Asks for a permit for a transaction's call number `call` of `callLimit`. Rejects where Redis does not answer. */
  async permit(call: number, callLimit: number): Promise<PermitReply> {
    this.#permits += 1;
    const id = `${this.#replica}:${this.#permits}`;
    const { log, state, seconds, minutes, quotas, strikes, freeze, permission } = this.#keys;
    // The permit's age is counted from before the question: Redis' start can only be later.
    const askedAt = performance.now();
    const reply = replySchema.parse(
      await this.#scripts.permit(
        [log, state, seconds, minutes, quotas, strikes, freeze, permission],
        [
          id,
          this.#lifeMs,
          this.#epoch,
          randomUUID(),
          this.#settings.history,
          this.#quotaText,
          this.#settings.strikesPerDay,
          call,
          callLimit,
        ],
      ),
    );
    this.#epoch = reply[0];
    this.#watchQuotas(reply[1] === 1);
    this.#clockOffsetMs = reply[2] - Date.now();
    switch (reply[3]) {
      case "granted": {
        const startInMs = reply[4];
        const freshUntil = askedAt + startInMs + FRESH_FOR_MS;
        const permit = { id, isFresh: () => performance.now() < freshUntil };
        return { kind: "granted", permit, startInMs, isProbe: reply[5] === 1 };
      }
      case "wait":
      case "later":
        return { kind: reply[3], waitMs: reply[4] };
      case "held":
        return { kind: "held", hold: { kind: reply[4], cause: reply[5], remainingMs: reply[6] } };
    }
  }

  /**
   * The call was answered: it arrived at the gateway at the latest `arrivedAgoMs` ago. Best effort: untold, it
   * counts until its deadline.
   */
  async answered(permitId: string, arrivedAgoMs: number): Promise<void> {
    await this.#scripts.answered([this.#keys.log], [permitId, Math.max(0, arrivedAgoMs).toFixed(3)]);
  }

  /** The call surely never left: it takes no place in any window. Best effort: untold, it counts. */
  async unused(permitId: string): Promise<void> {
    const { log, state, seconds, minutes } = this.#keys;
    await this.#scripts.unused([log, state, seconds, minutes], [permitId, this.#lifeMs]);
  }

  /**
   * Tells all replicas what an answer says about calling at all. `sinceMs`: since the call left. Gives the hold that
   * it brought about, if it did.
   */
  async signal(permitId: string, signal: Signal, sinceMs: number): Promise<Hold | undefined> {
    const { state, strikes, freeze, permission } = this.#keys;
    const { freezeMs } = this.#settings;
    switch (signal.kind) {
      case "quota":
        await this.#scripts.brake([state, strikes], [permitId, sinceMs.toFixed(3), signal.retryAfterMs ?? 0]);
        return undefined;
      case "banned":
        return this.#holdCalls(freeze, signal, freezeMs, freezeMs);
      case "permission":
        return this.#holdCalls(permission, signal, PERMISSION_HOLD_MS.first, PERMISSION_HOLD_MS.longest);
    }
  }

  async #holdCalls(
    key: string,
    { kind, code }: Exclude<Signal, { kind: "quota" }>,
    firstMs: number,
    longestMs: number,
  ): Promise<Hold> {
    const reply = await this.#scripts.hold([key], [kind, code, firstMs, longestMs, this.#settings.worker]);
    return { kind, cause: code, remainingMs: z.number().parse(reply) };
  }

  #watchQuotas(disagree: boolean): void {
    if (disagree && !this.#quotasDisagree) this.#settings.onQuotasDisagree?.();
    this.#quotasDisagree = disagree;
  }

  /** A probe was answered as if nothing were wrong: the holds that it probed are over. */
  async lift(): Promise<void> {
    await this.#scripts.lift([this.#keys.freeze, this.#keys.permission], []);
  }
}
