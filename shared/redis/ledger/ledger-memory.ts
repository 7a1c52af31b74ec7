import { z } from "zod";
import { LEDGER_RULES } from "./ledger-rules.ts";
import { pairs } from "../pairs.ts";

/** A hash or a sorted set as Redis gives it: name, value, name, value … */
const flat = z.array(z.string());
const counts = z.array(z.coerce.number().int());

/** What a heartbeat hears that is worth remembering, in the order of heartbeat.lua. */
export const memorableSchema = z.tuple([
  z.coerce.number(), // gap between calls, ms
  counts, // second, calls …
  counts, // minute, calls …
  flat, // brake, caps and ramp
  flat, // strikes
  flat, // freeze
  flat, // permission hold
  flat, // quota that an operator set
]);
/** As `memorableSchema` gives it; of a heartbeat that asked for a part, seconds and minutes are a part. */
export type Memorable = z.infer<typeof memorableSchema>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** A call may be promised for a moment that is still to come, and be given back a moment after. */
const UNSETTLED_SECONDS = 2;

/**
 * What one replica remembers of the ledger, in case that Redis loses it: the calls of all replicas in each second and
 * minute, brake, caps, strikes, holds and the set quota, as of the last heartbeat.
 */
export class LedgerMemory {
  #asOfMs = 0;
  #heardAtMs = 0;
  readonly #seconds = new Map<number, number>();
  readonly #minutes = new Map<number, number>();
  #rest: Omit<Seed, "shift" | "asOf" | "silentFrom" | "seconds" | "minutes"> | undefined;
  #silentFromMs: number | undefined;

  /** From which second and minute on the next heartbeat has to tell the calls; all of them where there is none yet. */
  get wanted(): { readonly second: number; readonly minute: number } {
    return {
      second: Math.max(0, Math.floor(this.#asOfMs / SECOND_MS) - UNSETTLED_SECONDS),
      minute: Math.max(0, Math.floor((this.#asOfMs - UNSETTLED_SECONDS * SECOND_MS) / MINUTE_MS)),
    };
  }

  /** Takes in what a heartbeat heard at Redis' time `redisMs`, at `localMs` of a clock of ours that only runs forward. */
  absorb(
    [gap, seconds, minutes, marks, strikes, freeze, permission, setQuota]: Memorable,
    redisMs: number,
    localMs: number,
  ): void {
    this.#asOfMs = redisMs;
    this.#heardAtMs = localMs;
    this.#silentFromMs = undefined;
    remember(this.#seconds, seconds, redisMs / SECOND_MS - LEDGER_RULES.SECONDS_KEPT);
    remember(this.#minutes, minutes, redisMs / MINUTE_MS - LEDGER_RULES.MINUTES_KEPT);
    this.#rest = {
      gap,
      marks: Object.fromEntries(pairs(marks).map(([field, value]) => [field, Number(value)])),
      strikes: pairs(strikes).map(([id, at]) => [id, Number(at)]),
      freeze: Object.fromEntries(pairs(freeze)),
      permission: Object.fromEntries(pairs(permission)),
      setQuota: Object.fromEntries(pairs(setQuota)),
    };
  }

  /** Freeze and permission hold; empty where there is none. */
  get holds(): readonly Readonly<Record<string, string>>[] {
    return this.#rest === undefined ? [] : [this.#rest.freeze, this.#rest.permission];
  }

  /** A heartbeat failed: the first one since Redis was heard tells that it granted nothing from then on. */
  noteSilence(localMs: number): void {
    this.#silentFromMs ??= this.#redisMsAt(localMs);
  }

  /** What Redis' clock should say, as far as is known. */
  #redisMsAt(localMs: number): number {
    return this.#asOfMs + (localMs - this.#heardAtMs);
  }

  /** What seed.lua takes, or undefined where there is no memory yet; a ledger said that it was `redisMs` at `localMs`. */
  seed(redisMs: number, localMs: number): Seed | undefined {
    if (this.#rest === undefined) return undefined;
    return {
      shift: redisMs - this.#redisMsAt(localMs),
      asOf: this.#asOfMs,
      ...(this.#silentFromMs !== undefined && { silentFrom: this.#silentFromMs }),
      seconds: [...this.#seconds],
      minutes: [...this.#minutes],
      ...this.#rest,
    };
  }
}

/** As JSON for seed.lua. Moments are Redis' ms as they were known. */
export interface Seed {
  /** By how much Redis' clock is ahead of what it was, ms. */
  readonly shift: number;
  /** Calls after this moment are not in the memory. */
  readonly asOf: number;
  /** From when on Redis answered nothing; absent where it always did. */
  readonly silentFrom?: number;
  /** Calls were so far apart at least. */
  readonly gap: number;
  readonly seconds: readonly (readonly [second: number, calls: number])[];
  readonly minutes: readonly (readonly [minute: number, calls: number])[];
  readonly marks: Readonly<Record<string, number>>;
  readonly strikes: readonly (readonly [permitId: string, at: number])[];
  readonly freeze: Readonly<Record<string, string>>;
  readonly permission: Readonly<Record<string, string>>;
  readonly setQuota: Readonly<Record<string, string>>;
}

/** The newer count of a step counts; steps before `oldest` are forgotten. */
function remember(calls: Map<number, number>, news: readonly number[], oldest: number): void {
  for (let i = 0; i + 1 < news.length; i += 2) calls.set(news[i] ?? 0, news[i + 1] ?? 0);
  for (const step of calls.keys()) {
    if (step < oldest) calls.delete(step);
  }
}
