import type { Redis } from "ioredis";
import { z } from "zod";
import type { Claim } from "../../domain/claim.ts";
import { loadScript } from "../script.ts";

/** How long a claim lives without being renewed: what a killed replica had in hand waits this long. */
export const LEASE_MS = 10_000;
/**
 * Far more often than the lease needs: a Redis that lost its data hears of the calls made before the ledger permits
 * another (with the shortest timeout after 850 ms), so that a duplicate elsewhere makes none too many.
 */
const RENEW_EVERY_MS = 500;
/** Renewed in pieces, so that no script holds Redis for long. */
const RENEW_AT_ONCE = 500;

/** Places of the leases that were not renewed, from 1. */
const renewReplySchema = z.array(z.int().positive());

/** A claim in hand, and what the journal is told again should it be lost. */
interface HeldClaim {
  /** The journal's. */
  readonly key: string;
  readonly claim: Claim;
  calls: number;
  /** When the next call may be made; monotonic milliseconds. */
  nextCallAtMs: number;
}

/** The claims that this replica has in hand: renews their leases, and restores journals that are lost. */
export class HeldClaims {
  readonly #journalTtlSeconds: number;
  readonly #scripts;
  /** By token: a duplicate that took over a lost lease must not displace whoever knows of the calls made before. */
  readonly #held = new Map<string, HeldClaim>();
  readonly #renewal: NodeJS.Timeout;
  #isRenewing = false;

  constructor(client: Redis, journalTtlSeconds: number) {
    this.#journalTtlSeconds = journalTtlSeconds;
    this.#scripts = {
      renew: loadScript(client, "journal/renew"),
      restore: loadScript(client, "journal/restore"),
    };
    this.#renewal = setInterval(() => void this.#renewAll(), RENEW_EVERY_MS);
    this.#renewal.unref();
  }

  take(key: string, claim: Claim): void {
    const { calls, nextCallInMs } = claim;
    this.#held.set(claim.token, { key, claim, calls, nextCallAtMs: performance.now() + nextCallInMs });
  }

  /** A call was recorded, or taken back. */
  note({ token }: Claim, calls: number, nextCallInMs: number): void {
    const held = this.#held.get(token);
    if (held === undefined) return;
    held.calls = calls;
    held.nextCallAtMs = performance.now() + nextCallInMs;
  }

  letGo(token: string): void {
    this.#held.delete(token);
  }

  /** Stops renewing; what is still held runs out. */
  close(): void {
    clearInterval(this.#renewal);
  }

  async #renewAll(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const held = [...this.#held.values()];
    for (let from = 0; from < held.length; from += RENEW_AT_ONCE) {
      // A renewal that fails is made up for by the next; one that stays away frees the work for others.
      await this.#renew(held.slice(from, from + RENEW_AT_ONCE)).catch(() => undefined);
    }
    this.#isRenewing = false;
  }

  async #renew(piece: readonly HeldClaim[]): Promise<void> {
    const keys = piece.map(({ key }) => key);
    const tokens = piece.map(({ claim }) => claim.token);
    const notRenewed = renewReplySchema.parse(await this.#scripts.renew(keys, [LEASE_MS, ...tokens]));
    // What was settled or released meanwhile is not ours to restore.
    const lost = notRenewed
      .flatMap((place) => piece.slice(place - 1, place))
      .filter((held) => this.#held.get(held.claim.token) === held);
    if (lost.length > 0) await this.#restore(lost);
  }

  /** The journal has forgotten these, or knows less of them than we do: what this replica remembers is told again. */
  async #restore(lost: readonly HeldClaim[]): Promise<void> {
    const nowMs = performance.now();
    await this.#scripts.restore(
      lost.map(({ key }) => key),
      [
        LEASE_MS,
        this.#journalTtlSeconds,
        ...lost.flatMap(({ claim, calls, nextCallAtMs }) => [
          claim.token,
          claim.digest,
          calls,
          claim.replays,
          claim.forgiven,
          claim.firstTakenUpAtMs,
          Math.max(0, Math.ceil(nextCallAtMs - nowMs)),
        ]),
      ],
    );
  }
}
