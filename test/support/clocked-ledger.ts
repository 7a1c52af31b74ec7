import type { Command, Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { PermitReply } from "../../shared/domain/permit.ts";
import type { Quota } from "../../shared/domain/quota.ts";
import { ledgerKeys, type LedgerKeys } from "../../shared/redis/ledger/ledger-keys.ts";
import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";
import { readLedgerOverview, type LedgerOverview } from "../../shared/redis/ledger/ledger-overview.ts";
import { QuotaLedger, type LedgerSettings } from "../../shared/redis/ledger/quota-ledger.ts";
import { removeKeys } from "../../shared/redis/remove-keys.ts";
import { sampleLedgerSettings } from "./sample-ledger-settings.ts";

/** What expires in Redis' own time expires in ours. */
const EXPIRE_LUA = `for _, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('DEL', key)
  elseif left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end`;

export type Granted = Extract<PermitReply, { kind: "granted" }>;

/** The reply, which must be a permit. */
export function granted(reply: PermitReply): Granted {
  if (reply.kind !== "granted") throw new Error(`not granted but ${JSON.stringify(reply)}`);
  return reply;
}

/** One application's ledger in a real Redis on a clock of the test's own: hours pass at once, every start is exact. */
export class ClockedLedger {
  readonly settings = sampleLedgerSettings();
  /** Redis answers nobody. */
  isAway = false;
  readonly #redis: Redis;
  #nowMs = 1_800_000_000_000;

  /** It is taken out of Redis when the test ends. */
  static async start(redis: Redis): Promise<ClockedLedger> {
    const ledger = new ClockedLedger(redis);
    onTestFinished(() => ledger.#remove());
    await ledger.#setClock();
    return ledger;
  }

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Redis' time, ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get keys(): LedgerKeys {
    return ledgerKeys(this.settings);
  }

  /** A call arrives no later than this after its start. */
  get lifeMs(): number {
    return 250 + this.settings.timeoutMs;
  }

  /** A replica of the application. */
  replica(changes: Partial<LedgerSettings> = {}): QuotaLedger {
    return new QuotaLedger(this.#clocked(), { ...this.settings, ...changes }, () => this.#nowMs);
  }

  look(quota: Quota = this.settings.quota): Promise<LedgerOverview> {
    return readLedgerOverview(this.#clocked(), this.settings, quota);
  }

  /** Lets time pass for the clock and for what expires. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    await this.#setClock();
    const keys = Object.values<string>({ ...this.keys });
    await this.#redis.eval(EXPIRE_LUA, keys.length, ...keys, Math.round(ms));
  }

  /** As if many calls had been answered, so quickly that a call is taken to have arrived so long before its answer. */
  async knowLatency(creditMs: number): Promise<void> {
    const { ANSWERS_COUNTED: answers, ANSWERS_DOUBTED } = LEDGER_RULES;
    const leastMs = (creditMs * (answers + ANSWERS_DOUBTED)) / answers;
    await this.#redis.hset(this.keys.latency, { least: leastMs, since: this.#nowMs, answers });
  }

  /** What FLUSHALL does to this ledger. */
  async forget(): Promise<void> {
    await this.#remove();
    await this.#setClock();
  }

  /** What a restart does that keeps all data. */
  async restart(): Promise<void> {
    await this.#redis.hset(this.keys.state, "runId", "0123456789abcdef");
  }

  async #remove(): Promise<void> {
    await removeKeys(this.#redis, this.keys.log.replace(/log$/, "*"));
  }

  get #clockKey(): string {
    return this.keys.log.replace(/log$/, "test-clock");
  }

  async #setClock(): Promise<void> {
    const [seconds, microseconds] = this.#time;
    await this.#redis.mset(`${this.#clockKey}:s`, seconds, `${this.#clockKey}:us`, microseconds);
  }

  get #time(): [seconds: number, microseconds: number] {
    return [Math.floor(this.#nowMs / 1_000), (this.#nowMs % 1_000) * 1_000];
  }

  /** Redis, but it reads the test's clock. */
  #clocked(): Redis {
    const readsClock = `redis.call('MGET', '${this.#clockKey}:s', '${this.#clockKey}:us')`;
    return new Proxy(this.#redis, {
      get: (target, name) => {
        if (name === "sendCommand") {
          return (command: Command) =>
            command.name === "evalsha" ? Promise.reject(new Error("NOSCRIPT")) : target.sendCommand(command);
        }
        if (name === "eval") {
          return async (lua: string, count: number, ...rest: string[]) => {
            if (this.isAway) throw new Error("Redis is away");
            return target.eval(lua.replaceAll("redis.call('TIME')", readsClock), count, ...rest);
          };
        }
        if (name === "time") return () => this.#time;
        return Reflect.get(target, name, target) as unknown;
      },
    });
  }
}
