import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isWritableInstant } from "../../domain/instant.ts";
import type { RedisClient } from "../connection.ts";
import { readJson } from "../read-json.ts";
import { loadScript, type Script } from "../script.ts";
import { readable } from "../readable.ts";

/** Whoever has it in hand renews it; a killed one frees it within this time. */
const LIVES_MS = 15_000;
const RENEWED_EVERY_MS = 4_000;
const LOOKED_AT_EVERY_MS = 300;

const holderSchema = z.object({
  by: z.string(),
  what: z.string(),
  since: z.number().refine(isWritableInstant),
});

/** Who has the dead letters in hand, and why nobody else sees them. */
export type LockHolder = z.infer<typeof holderSchema>;

/** Somebody else has the dead letters in hand. */
export class LettersLockedError extends Error {
  override readonly name = "LettersLockedError";
  readonly holder: LockHolder | undefined;

  constructor(holder: LockHolder | undefined) {
    super("somebody else has the dead letters in hand");
    this.holder = holder;
  }
}

export interface LockOptions {
  readonly namespace: string;
  readonly by: string;
  /** What it is for, to tell whoever else wants it. */
  readonly what: string;
  /** Called once where it has to be waited for; without it, it is not waited for. */
  readonly onWaiting?: ((holder: LockHolder | undefined) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Only one process at a time has the dead letters in hand: two would see a part each, and take it for the whole. It
 * is courtesy, not safety: letters that two processes put back are told apart by their instance (claim.lua).
 */
export class LettersLock {
  readonly #key: string;
  readonly #value: string;
  readonly #keep: Script;
  readonly #lost = new AbortController();
  readonly #renewal: NodeJS.Timeout;
  #isReleased = false;

  /** @throws LettersLockedError, or the signal's reason */
  static async take(client: RedisClient, options: LockOptions): Promise<LettersLock> {
    const { namespace, by, what, onWaiting, signal } = options;
    const key = `${namespace}:dead-letters:lock`;
    const value = JSON.stringify({ v: 1, by, what, since: Date.now(), token: randomUUID() });
    for (let isFirst = true; ; isFirst = false) {
      if ((await client.set(key, value, "PX", LIVES_MS, "NX")) === "OK")
        return new LettersLock(client, key, value);
      const holder = readHolder(await readable(key, () => client.get(key)));
      if (onWaiting === undefined) throw new LettersLockedError(holder);
      if (isFirst) onWaiting(holder);
      await sleep(LOOKED_AT_EVERY_MS, undefined, { signal });
    }
  }

  private constructor(client: RedisClient, key: string, value: string) {
    this.#key = key;
    this.#value = value;
    this.#keep = loadScript(client, "letters/keep-lock");
    this.#renewal = setInterval(() => void this.#renew(), RENEWED_EVERY_MS);
    this.#renewal.unref();
  }

  /** Fires when it went to somebody else: Redis was away for too long, or this process stood still. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Best effort: it ends by itself. */
  async release(): Promise<void> {
    this.#isReleased = true;
    clearInterval(this.#renewal);
    await this.#keep([this.#key], [this.#value, 0]).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    // One that fails is made up for by the next.
    const kept = await this.#keep([this.#key], [this.#value, LIVES_MS]).catch(() => 1);
    if (kept !== 1 && !this.#isReleased) this.#lost.abort(new Error("the lock on the dead letters was lost"));
  }
}

function readHolder(text: string | null): LockHolder | undefined {
  const holder = holderSchema.safeParse(readJson(text ?? ""));
  return holder.success ? holder.data : undefined;
}
