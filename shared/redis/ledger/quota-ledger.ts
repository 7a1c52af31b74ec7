import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Hold, OwnHold, Permit, PermitReply, Signal } from "../../domain/permit.ts";
import type { Quota } from "../../domain/quota.ts";
import { KnownLedger } from "./known-ledger.ts";
import { ledgerKeys, scriptKeys, type LedgerKeys } from "./ledger-keys.ts";
import { memorableSchema } from "./ledger-memory.ts";
import { parseHold, parseOverview, quotaText, type LedgerOverview } from "./ledger-overview.ts";
import { heartbeatReplySchema, permitReplySchema } from "./ledger-replies.ts";
import { FRESH_FOR_MS } from "./ledger-rules.ts";
import { loadLedgerRuleScript, loadLedgerScript } from "./ledger-script.ts";
import { RedisClock } from "./redis-clock.ts";

const MINUTE_MS = 60_000;
/** Permission holds: probes after 1, 2, 4 … 30 minutes. */
const PERMISSION_HOLD_MS = { first: MINUTE_MS, longest: 30 * MINUTE_MS };

/** Whose quota it is, and what this replica brings to it. */
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
  /** Another ledger than before answered: Redis has lost its data, or is another one. */
  readonly onBegunAnew?: (() => void) | undefined;
}

/**
 * The shared quota of one application at one gateway: permits, brake, freeze and holds. Redis keeps it and
 * Redis' clock judges it; without an answer from Redis there is no permit.
 */
export class QuotaLedger {
  readonly #settings: LedgerSettings;
  readonly #keys: LedgerKeys;
  readonly #allKeys: readonly string[];
  readonly #quotaText: string;
  /** The longest life of a request after its start. */
  readonly #lifeMs: number;
  readonly #replica = randomUUID();
  readonly #scripts;
  readonly #known = new KnownLedger();
  readonly #clock = new RedisClock();
  readonly #monotonicMs: () => number;
  #permits = 0;
  #quotasDisagree = false;
  #ownHold: () => OwnHold | undefined = () => undefined;

  /** `monotonicMs`: a clock that only runs forward. */
  constructor(client: Redis, settings: LedgerSettings, monotonicMs = () => performance.now()) {
    this.#settings = settings;
    this.#monotonicMs = monotonicMs;
    this.#keys = ledgerKeys(settings);
    this.#allKeys = scriptKeys(this.#keys);
    this.#lifeMs = FRESH_FOR_MS + settings.timeoutMs;
    this.#quotaText = quotaText(settings.quota);
    this.#scripts = {
      permit: loadLedgerScript(client, "permit"),
      answered: loadLedgerRuleScript(client, "permit-answered"),
      unused: loadLedgerScript(client, "permit-unused"),
      brake: loadLedgerScript(client, "brake"),
      lift: loadLedgerScript(client, "lift"),
      heartbeat: loadLedgerScript(client, "heartbeat"),
      seed: loadLedgerScript(client, "seed"),
      hold: loadLedgerRuleScript(client, "hold"),
    };
  }

  /** Redis' clock minus this machine's, as of the last prompt answer. */
  get clockOffsetMs(): number {
    return this.#clock.offsetMs;
  }

  /** What holds this replica alone is told with each heartbeat, to whoever looks. */
  watchOwnHold(current: () => OwnHold | undefined): void {
    this.#ownHold = current;
  }

  /**
   * Asks for a permit for a transaction's call number `call` of `callLimit`, and for further ones, up to `most` together,
   * for calls that are no later ones. Rejects where Redis does not answer.
   */
  async permit(call: number, callLimit: number, most = 1): Promise<PermitReply> {
    this.#permits += 1;
    const id = `${this.#replica}:${this.#permits}`;
    const { history, strikesPerDay } = this.#settings;
    // The permit's age is counted from before the question: Redis' start can only be later.
    const askedAt = this.#monotonicMs();
    const asked = this.#scripts.permit(this.#allKeys, [
      id,
      this.#lifeMs,
      this.#known.generation,
      randomUUID(),
      history,
      this.#quotaText,
      strikesPerDay,
      call,
      callLimit,
      most,
    ]);
    const reply = permitReplySchema.parse(
      await asked.catch((error: unknown) => {
        this.#takeBack(id, most);
        throw error;
      }),
    );
    // What is remembered must not wait for the next heartbeat, which tells what is wrong where this one fails.
    if (this.#meet(reply[0])) this.heartbeat().catch(() => undefined);
    this.#watchQuotas(reply[1] === 1);
    this.#clock.heard(reply[2], this.#monotonicMs() - askedAt);
    switch (reply[3]) {
      case "granted": {
        const [, , , kind, startInMs, isProbe, ...furtherStartsInMs] = reply;
        const permit = this.#permitFrom(id, askedAt, startInMs);
        const further = furtherStartsInMs.map((inMs, index) =>
          this.#permitFrom(idOf(id, index + 2), askedAt, inMs),
        );
        return { kind, permit, startInMs, isProbe: isProbe === 1, further };
      }
      case "wait":
        return { kind: "wait", waitMs: reply[4], spreadMs: reply[5] };
      case "later":
        return { kind: "later", waitMs: reply[4] };
      case "held":
        return { kind: "held", hold: { kind: reply[4], cause: reply[5], remainingMs: reply[6] } };
    }
  }

  /** What a late answer may yet grant is nobody's. Best effort; on its way behind the question. */
  #takeBack(id: string, most: number): void {
    for (let nth = 1; nth <= most; nth += 1) this.unused(idOf(id, nth)).catch(() => undefined);
  }

  #permitFrom(id: string, askedAt: number, startInMs: number): Permit {
    const answeredAt = this.#monotonicMs();
    const freshUntil = askedAt + startInMs + FRESH_FOR_MS;
    return {
      id,
      startsInMs: () => answeredAt + startInMs - this.#monotonicMs(),
      isFresh: () => this.#monotonicMs() < freshUntil,
    };
  }

  /**
   * Says that this replica is there, and hears what the ledger says. Where Redis has lost it, this replica gives back
   * what it remembers of it first.
   */
  async heartbeat(): Promise<LedgerOverview> {
    const { worker, history } = this.#settings;
    const wanted = this.#known.wanted;
    const askedAt = this.#monotonicMs();
    const self = [worker, this.#lifeMs, this.#known.generation, randomUUID(), history, this.#quotaText];
    const reply = await this.#scripts
      .heartbeat(this.#allKeys, [...self, wanted.second, wanted.minute, ...heldText(this.#ownHold())])
      .catch((error: unknown) => {
        this.#known.noteSilence(this.#monotonicMs());
        throw error;
      });
    const [generation, redisMs, overview, ...memorable] = heartbeatReplySchema.parse(reply);
    const heard = { generation, redisMs, localMs: this.#monotonicMs() };
    this.#clock.heard(redisMs, heard.localMs - askedAt);
    this.#meet(generation);
    const owed = this.#known.owedTo(heard);
    if (owed !== undefined) await this.#scripts.seed(this.#allKeys, [generation, JSON.stringify(owed)]);
    this.#known.noteSeeded(generation);
    // What a ledger says before it got its memory back is not worth remembering.
    if (owed === undefined) this.#known.absorb(memorableSchema.parse(memorable), heard, wanted);
    return parseOverview(overview, this.#known.holds.map(parseHold));
  }

  /** True where it is another ledger than before. */
  #meet(generation: string): boolean {
    const isAnother = this.#known.meet(generation);
    if (isAnother) this.#settings.onBegunAnew?.();
    return isAnother;
  }

  /**
   * The call was answered, so long after it left: it arrived at the gateway no later than the least latency ago. Best
   * effort: untold, it counts until its deadline.
   */
  async answered(permitId: string, latencyMs: number): Promise<void> {
    const { log, latency } = this.#keys;
    await this.#scripts.answered([log, latency], [permitId, Math.max(0, latencyMs).toFixed(3)]);
  }

  /** The call surely never left: it takes no place in any window. Best effort: untold, it counts. */
  async unused(permitId: string): Promise<void> {
    await this.#scripts.unused(this.#allKeys, [permitId, this.#lifeMs]);
  }

  /**
   * Tells all replicas what an answer says about calling at all. `sinceMs`: since the call left. Gives the hold that
   * it brought about, if it did.
   */
  async signal(permitId: string, signal: Signal, sinceMs: number): Promise<Hold | undefined> {
    const { freeze, permission } = this.#keys;
    const { freezeMs } = this.#settings;
    switch (signal.kind) {
      case "quota": {
        const patienceMs = signal.retryAfterMs ?? 0;
        const call = [permitId, this.#lifeMs, this.#quotaText, sinceMs.toFixed(3), patienceMs];
        await this.#scripts.brake(this.#allKeys, call);
        return undefined;
      }
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
    await this.#scripts.lift(this.#allKeys, []);
  }
}

/** For heartbeat.lua. */
const heldText = (hold: OwnHold | undefined): (string | number)[] =>
  hold === undefined ? ["", "", 0, 0] : [hold.kind, hold.cause, hold.forMs, hold.remainingMs];

/** Of the permits that one question brought, as permit.lua names them. */
const idOf = (first: string, nth: number): string => (nth === 1 ? first : `${first}.${nth}`);
