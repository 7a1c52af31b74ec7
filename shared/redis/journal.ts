import { createHash, randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type {
  Claim,
  ClaimReply,
  History,
  SentReply,
  StoredScore,
  StoreReply,
  StoringClaim,
} from "../domain/claim.ts";
import { outcomeSchema, type Outcome } from "../domain/outcome.ts";
import { formatInstant } from "../domain/instant.ts";
import { parseJson } from "../domain/parse-json.ts";
import { identityOf, type Transaction } from "../domain/transaction.ts";
import type { Pseudonymise } from "./pseudonym.ts";
import { loadScript } from "./script.ts";

/** How long a claim lives without being renewed: what a killed replica had in hand waits this long. */
export const LEASE_MS = 10_000;
const RENEW_EVERY_MS = LEASE_MS / 3;
/** Renewed in pieces, so that no script holds Redis for long. */
const RENEW_AT_ONCE = 500;
/** Spend is kept for the year's accounts. */
const SPEND_TTL_SECONDS = 400 * 86_400;

export interface JournalSettings {
  readonly namespace: string;
  /** The quota ledger's, which says whether a limit answer just came. */
  readonly ledgerStateKey: string;
  /** Calls made and outcomes are remembered this long, renewed at each touch. */
  readonly journalTtlSeconds: number;
  readonly resultTtlSeconds: number;
  /** A returning user's score; 0 keeps none. */
  readonly cacheTtlSeconds: number;
  /** Price of a call, in ten-thousandths of a yuan. */
  readonly callPrice: number;
}

const storedScoreSchema = z.object({
  v: z.literal(1),
  riskScore: z.number().min(0).max(1),
  ruleCodes: z.array(z.string()),
  traceId: z.string().nullable(),
});

const claimReplySchema = z.union([
  z.tuple([z.literal("conflict"), z.number()]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
  z.tuple([z.literal("leased"), z.number(), z.number(), z.number(), z.number(), z.number()]),
  z.tuple([
    z.literal("claimed"),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.string().nullable(),
  ]),
]);

/** Places of the leases that were not renewed, from 1. */
const renewReplySchema = z.array(z.int().positive());

const sentReplySchema = z.union([
  z.tuple([z.literal("recorded")]),
  z.tuple([z.literal("withdrawn")]),
  z.tuple([z.literal("lost")]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);

const storeReplySchema = z.union([
  z.tuple([z.literal("stored")]),
  z.tuple([z.literal("recount"), z.number()]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);

/** A claim in hand, and what the journal is told again should it be lost. */
interface HeldClaim {
  readonly claim: Claim;
  calls: number;
  /** When the next call may be made; monotonic milliseconds. */
  nextCallAtMs: number;
}

/**
 * What is known of each transaction, shared by all replicas: who works on it, the calls made, how it ended.
 * One round trip to claim, one before each call, one to store. A command may be repeated after a lost reply.
 */
export class Journal {
  readonly #settings: JournalSettings;
  readonly #pseudonymise: Pseudonymise;
  readonly #scripts;
  readonly #replica = randomUUID();
  #claims = 0;
  /** All that this replica has in hand, by journal key. */
  readonly #held = new Map<string, HeldClaim>();
  readonly #renewal: NodeJS.Timeout;

  constructor(client: Redis, settings: JournalSettings, pseudonymise: Pseudonymise) {
    this.#settings = settings;
    this.#pseudonymise = pseudonymise;
    this.#scripts = {
      claim: loadScript(client, "claim"),
      sent: loadScript(client, "sent"),
      unsent: loadScript(client, "unsent"),
      store: loadScript(client, "store"),
      renew: loadScript(client, "renew"),
      restore: loadScript(client, "restore"),
      release: loadScript(client, "release"),
    };
    this.#renewal = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
    this.#renewal.unref();
  }

  /** A token for one delivery's work: claiming again with it renews the claim. */
  newToken(): string {
    this.#claims += 1;
    return `${this.#replica}:${this.#claims}`;
  }

  async claim(transaction: Transaction, token: string, history: History): Promise<ClaimReply> {
    const { transactionId } = transaction;
    const digest = createHash("sha256").update(identityOf(transaction)).digest("base64url");
    const pseudonym = this.#pseudonymise(transaction.userId);
    const key = this.#journalKey(transactionId);
    const reply = claimReplySchema.parse(
      await this.#scripts.claim(
        [key, this.#scoreKey(pseudonym)],
        [
          token,
          digest,
          LEASE_MS,
          this.#settings.journalTtlSeconds,
          history.calls,
          history.replays,
          history.replay === "none" ? "" : history.replay,
        ],
      ),
    );
    if (reply[0] !== "claimed") this.#letGo(key, token);
    switch (reply[0]) {
      case "conflict":
        return { kind: "conflict", calls: reply[1] };
      case "settled":
        return { kind: "settled", outcome: readOutcome(reply[1], reply[2]) };
      case "leased": {
        const [, remainingMs, calls, replays, firstTakenUpAtMs, nowMs] = reply;
        const counts = { calls, replays, nextCallInMs: remainingMs, firstTakenUpAtMs, nowMs };
        const known = { transactionId, pseudonym, digest, token, ...counts, score: undefined };
        return { kind: "leased", remainingMs, known };
      }
      case "claimed": {
        const [, calls, replays, nextCallInMs, firstTakenUpAtMs, nowMs, score] = reply;
        const counts = { calls, replays, nextCallInMs, firstTakenUpAtMs, nowMs };
        const claim = { transactionId, pseudonym, digest, token, ...counts, score: readScore(score) };
        this.#held.set(key, { claim, calls, nextCallAtMs: performance.now() + nextCallInMs });
        return { kind: "claimed", claim };
      }
    }
  }

  /** Records call number `call` before it leaves. `nextCallInMs`: the wait after it, should it fail. */
  async sent(claim: Claim, call: number, permitId: string, nextCallInMs: number): Promise<SentReply> {
    const key = this.#journalKey(claim.transactionId);
    const reply = sentReplySchema.parse(
      await this.#scripts.sent(
        [key, this.#settings.ledgerStateKey],
        [claim.token, call, nextCallInMs, LEASE_MS, this.#settings.journalTtlSeconds, permitId],
      ),
    );
    if (reply[0] === "recorded") this.#remember(key, claim, call, performance.now() + nextCallInMs);
    else if (reply[0] !== "withdrawn") this.#letGo(key, claim.token);
    if (reply[0] === "settled") return { kind: "settled", outcome: readOutcome(reply[1], reply[2]) };
    return { kind: reply[0] };
  }

  /** Takes a recorded call back that surely never left. Best effort: untold, it counts. */
  async unsent(claim: Claim, call: number, permitId: string): Promise<void> {
    const key = this.#journalKey(claim.transactionId);
    this.#remember(key, claim, call - 1, performance.now());
    await this.#scripts.unsent([key], [call, permitId]).catch(() => undefined);
  }

  /** Stores how it ended, and the score for the returning user where there is a new one. */
  async store(
    claim: StoringClaim,
    outcome: Outcome,
    calls: number,
    score: StoredScore | undefined,
  ): Promise<StoreReply> {
    const key = this.#journalKey(claim.transactionId);
    const { journalTtlSeconds, resultTtlSeconds, cacheTtlSeconds, callPrice } = this.#settings;
    const body = outcome.kind === "result" ? outcome.result : outcome.deadLetter;
    const reply = storeReplySchema.parse(
      await this.#scripts.store(
        [
          key,
          this.#resultKey(claim.transactionId),
          this.#scoreKey(claim.pseudonym),
          this.#spendKey(claim.nowMs),
        ],
        [
          claim.digest,
          outcome.kind,
          JSON.stringify(body),
          calls,
          journalTtlSeconds,
          resultTtlSeconds,
          score === undefined || cacheTtlSeconds === 0 ? "" : JSON.stringify({ v: 1, ...score }),
          cacheTtlSeconds,
          callPrice,
          claim.replays,
          SPEND_TTL_SECONDS,
        ],
      ),
    );
    if (reply[0] === "recount") return { kind: "recount", calls: reply[1] };
    this.#letGo(key, claim.token);
    if (reply[0] === "stored") return { kind: "stored", outcome, wasFirst: true };
    return { kind: "stored", outcome: readOutcome(reply[1], reply[2]), wasFirst: false };
  }

  /** Gives a claim back unfinished. Best effort: where it fails, the lease runs out. */
  async release(claim: Claim): Promise<void> {
    const key = this.#journalKey(claim.transactionId);
    this.#letGo(key, claim.token);
    await this.#scripts.release([key], [claim.token]).catch(() => undefined);
  }

  /** Stops renewing; what is still held runs out. */
  close(): void {
    clearInterval(this.#renewal);
  }

  /** A later claim of the same transaction keeps its place. */
  #letGo(key: string, token: string): void {
    if (this.#held.get(key)?.claim.token === token) this.#held.delete(key);
  }

  #remember(key: string, { token }: Claim, calls: number, nextCallAtMs: number): void {
    const held = this.#held.get(key);
    if (held?.claim.token === token) Object.assign(held, { calls, nextCallAtMs });
  }

  async #renew(): Promise<void> {
    const held = [...this.#held];
    for (let from = 0; from < held.length; from += RENEW_AT_ONCE) {
      // A renewal that fails is made up for by the next; one that stays away frees the work for others.
      await this.#renewPiece(held.slice(from, from + RENEW_AT_ONCE)).catch(() => undefined);
    }
  }

  async #renewPiece(piece: readonly [key: string, held: HeldClaim][]): Promise<void> {
    const keys = piece.map(([key]) => key);
    const tokens = piece.map(([, { claim }]) => claim.token);
    const notRenewed = renewReplySchema.parse(await this.#scripts.renew(keys, [LEASE_MS, ...tokens]));
    // What was settled or released meanwhile is not ours to restore.
    const lost = notRenewed
      .flatMap((place) => piece.slice(place - 1, place))
      .filter(([key, held]) => this.#held.get(key) === held);
    if (lost.length > 0) await this.#restore(lost);
  }

  /** The journal has forgotten these, or knows less of them than we do: what this replica remembers is told again. */
  async #restore(lost: readonly [key: string, held: HeldClaim][]): Promise<void> {
    const nowMs = performance.now();
    await this.#scripts.restore(
      lost.map(([key]) => key),
      [
        LEASE_MS,
        this.#settings.journalTtlSeconds,
        ...lost.flatMap(([, { claim, calls, nextCallAtMs }]) => [
          claim.token,
          claim.digest,
          calls,
          claim.replays,
          claim.firstTakenUpAtMs,
          Math.max(0, Math.ceil(nextCallAtMs - nowMs)),
        ]),
      ],
    );
  }

  #journalKey(transactionId: string): string {
    return `${this.#settings.namespace}:journal:${transactionId}`;
  }

  #resultKey(transactionId: string): string {
    return `${this.#settings.namespace}:result:${transactionId}`;
  }

  #scoreKey(pseudonym: string): string {
    return `${this.#settings.namespace}:score:${pseudonym}`;
  }

  /** The day at Alipay, by Redis' clock. */
  #spendKey(nowMs: number): string {
    return `${this.#settings.namespace}:spend:${formatInstant(nowMs).slice(0, 10)}`;
  }
}

function readOutcome(kind: string, body: string): Outcome {
  const json = readJson(body);
  return outcomeSchema.parse(kind === "result" ? { kind, result: json } : { kind, deadLetter: json });
}

/** The value, or undefined, which no schema takes. */
function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function readScore(text: string | null): StoredScore | undefined {
  // A score that cannot be read, or that a newer replica wrote in another form, is no score to us: the call is made.
  const score = storedScoreSchema.safeParse(readJson(text ?? ""));
  if (!score.success) return undefined;
  const { riskScore, ruleCodes, traceId } = score.data;
  return { riskScore, ruleCodes, traceId };
}
