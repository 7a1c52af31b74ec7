import { z } from "zod";
import { formatQuota, type Quota } from "../../domain/quota.ts";
import { auditKey } from "../audit.ts";
import type { RedisClient } from "../connection.ts";
import { findKeys } from "../find-keys.ts";
import { ledgerKeys, scriptKeys, type LedgerKeys } from "./ledger-keys.ts";
import { quotaText } from "./ledger-overview.ts";
import { loadLedgerRuleScript, loadLedgerScript } from "./ledger-script.ts";
import { redisNow } from "../redis-now.ts";
import type { Script } from "../script.ts";

/** Stands for "until resumed": every part of the ledger knows what to do with a moment. */
const UNTIL_RESUMED_MS = Date.UTC(3000, 0, 1);
const CENTURY_MS = 100 * 365 * 86_400_000;

/** Whether a hold with so much left is one that only ends when somebody ends it. */
export const lastsUntilResumed = (remainingMs: number): boolean => remainingMs > CENTURY_MS;

export interface OperatorSettings {
  readonly appId: string;
  readonly gatewayUrl: string;
  /** Whose audit it is written into. */
  readonly namespace: string;
  /** Who is written into the audit. */
  readonly operator: string;
}

/** A hold as it stands in Redis; `untilMs` as Unix milliseconds. */
export interface OperatorHold {
  readonly kind: string;
  /** The gateway's code, or an operator's reason. */
  readonly code: string;
  readonly by: string;
  readonly untilMs: number;
}

/** A hold as an operator saw it; `resume` ends it only if it is still that. */
export interface StandingHold extends OperatorHold {
  readonly key: string;
  readonly seenUntil: string;
  readonly remainingMs: number;
  /** A call is finding out right now whether it is over. */
  readonly isBeingProbed: boolean;
}

/** What an operator's freeze did. */
export interface Freeze {
  /** False where calls were frozen for at least as long already. */
  readonly isChanged: boolean;
  readonly before?: OperatorHold | undefined;
  readonly after: OperatorHold;
}

/** The quota that counts, what it would be without a set one, and which set quota that is. */
export interface QuotaInForce {
  readonly counting: Quota;
  /** The strictest that replicas of the last minute are configured with; this machine's where there are none. */
  readonly configured: Quota;
  readonly isSet: boolean;
  readonly seenAt: string;
}

const holdSchema = z.object({
  kind: z.string(),
  code: z.string(),
  by: z.string(),
  untilMs: z.number(),
});
const storedSchema = z.object({
  kind: z.string(),
  code: z.string(),
  by: z.string(),
  until: z.string(),
  probedAt: z.string().optional(),
});
const freezeSchema = z.object({
  isChanged: z.boolean(),
  before: holdSchema.optional(),
  after: holdSchema,
});
const quotaSchema = z.array(
  z.object({ ms: z.number(), calls: z.number() }).transform(({ ms, calls }) => ({ calls, windowMs: ms })),
);
const inForceSchema = z.object({
  counting: quotaSchema,
  configured: quotaSchema,
  isSet: z.boolean(),
  seenAt: z.string(),
});

/**
 * What an operator does to the quota that all replicas share. Each act is written into the audit by the script that
 * does it; what changes nothing is no act.
 */
export class LedgerOperator {
  readonly #client: RedisClient;
  readonly #settings: OperatorSettings;
  readonly #keys: LedgerKeys;
  readonly #scripts: Readonly<Record<"freeze" | "resume" | "setQuota" | "quotaInForce", Script>>;

  constructor(client: RedisClient, settings: OperatorSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#keys = ledgerKeys({ ...settings, credentialsId: "" });
    this.#scripts = {
      freeze: loadLedgerRuleScript(client, "freeze-by-operator"),
      resume: loadLedgerRuleScript(client, "resume"),
      setQuota: loadLedgerRuleScript(client, "set-quota"),
      quotaInForce: loadLedgerScript(client, "quota-in-force"),
    };
  }

  /** No call by any replica for so long, or until resumed. Never shortens a freeze. */
  async freeze(reason: string, forMs?: number): Promise<Freeze> {
    const act = this.#act("quota-freeze", reason, {});
    const reply = await this.#scripts.freeze(
      [this.#audit, this.#keys.freeze],
      [...act, forMs ?? UNTIL_RESUMED_MS, UNTIL_RESUMED_MS],
    );
    return freezeSchema.parse(JSON.parse(z.string().parse(reply)));
  }

  /** The freeze and the permission holds of all credentials, those included that only wait for a probe. */
  async standingHolds(): Promise<StandingHold[]> {
    const permissions = await findKeys(this.#client, this.#keys.permission.replace(/[^:]*$/, "*"));
    const nowMs = await redisNow(this.#client);
    const found = [this.#keys.freeze, ...permissions.toSorted()].map(async (key) => {
      const stored = storedSchema.safeParse(await this.#client.hgetall(key));
      if (!stored.success) return []; // there is none
      const { until, probedAt, ...hold } = stored.data;
      const remainingMs = Math.max(0, Number(until) - nowMs);
      const isBeingProbed = remainingMs > 0 && probedAt !== undefined;
      return [{ ...hold, key, seenUntil: until, untilMs: Number(until), remainingMs, isBeingProbed }];
    });
    return (await Promise.all(found)).flat();
  }

  /** Ends holds early, as far as they are still what was seen: the next call probes. Gives how many were ended. */
  async resume(reason: string, holds: readonly StandingHold[]): Promise<number> {
    const act = this.#act("quota-resume", reason, {});
    const reply = await this.#scripts.resume(
      [this.#audit, ...holds.map(({ key }) => key)],
      [...act, ...holds.map(({ seenUntil }) => seenUntil)],
    );
    return z.number().parse(reply);
  }

  async quotaInForce(ownQuota: Quota): Promise<QuotaInForce> {
    const reply = await this.#scripts.quotaInForce(scriptKeys(this.#keys), [quotaText(ownQuota)]);
    return inForceSchema.parse(JSON.parse(z.string().parse(reply)));
  }

  /**
   * All replicas keep to this quota from their next call on, or to what they are configured with where it is
   * undefined. Gives false where the quota is no longer what was seen.
   */
  async setQuota(reason: string, quota: Quota | undefined, seen: QuotaInForce): Promise<boolean> {
    const act = this.#act("quota-set", reason, {
      before: { quota: formatQuota(seen.counting), isSet: seen.isSet },
      after: { quota: formatQuota(quota ?? seen.configured), isSet: quota !== undefined },
    });
    const reply = await this.#scripts.setQuota(
      [this.#audit, this.#keys.setQuota],
      [...act, quota === undefined ? "" : quotaText(quota), seen.seenAt],
    );
    return reply === 1;
  }

  get #audit(): string {
    return auditKey(this.#settings.namespace);
  }

  /** What each script of an act begins with. */
  #act(act: string, reason: string, details: Readonly<Record<string, unknown>>): string[] {
    const { operator, appId, gatewayUrl } = this.#settings;
    return [act, operator, reason, JSON.stringify({ application: appId, gateway: gatewayUrl, ...details })];
  }
}
