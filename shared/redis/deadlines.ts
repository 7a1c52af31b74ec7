import type { Redis } from "ioredis";
import { z } from "zod";
import type { Deadline } from "../domain/deadline.ts";
import { parseJson } from "../domain/parse-json.ts";
import { loadScript } from "./script.ts";

/** Answered in pieces, so that no script holds Redis for long. */
const MOST_AT_ONCE = 100;

interface DeadlinesSettings {
  readonly namespace: string;
  /** What nobody touches for so long is forgotten. */
  readonly journalTtlSeconds: number;
}

/** Transactions that must be answered now, taken for a lease. */
interface Due {
  readonly deadlines: readonly Deadline[];
  /** Redis' clock, milliseconds since the epoch. */
  readonly nowMs: number;
  /** Names the lease: when it ends. */
  readonly leaseUntilMs: number;
  /** Milliseconds until the next one is due, leases included; undefined where none is known. */
  readonly nextInMs: number | undefined;
}

const storedDeadlineSchema = z.object({
  v: z.literal(1),
  transactionId: z.string(),
  rail: z.string(),
  merchantId: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  dueMs: z.number(),
  claim: z.object({
    digest: z.string(),
    pseudonym: z.string(),
    replays: z.number(),
    calls: z.number(),
  }),
  correlationId: z.string().optional(),
});

const takenSchema = z.tuple([z.number(), z.number(), z.number(), z.array(z.string())]);

/** When waiting transactions must be answered, shared by all replicas. */
export class Deadlines {
  readonly #keys: readonly string[];
  readonly #ttlSeconds: number;
  readonly #scripts;

  constructor(client: Redis, { namespace, journalTtlSeconds }: DeadlinesSettings) {
    this.#keys = [`${namespace}:deadlines`, `${namespace}:deadline-answers`];
    this.#ttlSeconds = journalTtlSeconds;
    this.#scripts = {
      remind: loadScript(client, "remind"),
      take: loadScript(client, "take-due"),
      forget: loadScript(client, "forget-due"),
    };
  }

  async remind(deadline: Deadline): Promise<void> {
    const { transactionId, dueMs } = deadline;
    const json = JSON.stringify({ v: 1, ...deadline });
    await this.#scripts.remind(this.#keys, [transactionId, dueMs, json, this.#ttlSeconds]);
  }

  /** Takes those that are due; where they are not forgotten within the lease, somebody takes them again. */
  async take(leaseMs: number): Promise<Due> {
    const reply = await this.#scripts.take(this.#keys, [leaseMs, MOST_AT_ONCE]);
    const [nowMs, leaseUntilMs, nextInMs, taken] = takenSchema.parse(reply);
    return {
      deadlines: taken.flatMap(readDeadline),
      nowMs,
      leaseUntilMs,
      nextInMs: nextInMs < 0 ? undefined : nextInMs,
    };
  }

  /** It was answered. Nothing, where somebody else took it since, or it was set anew. */
  async forget(transactionId: string, leaseUntilMs: number): Promise<void> {
    await this.#scripts.forget(this.#keys, [leaseUntilMs, transactionId]);
  }
}

/** What a newer replica wrote in another form is left to it: its lease ends, and it is due again. */
function readDeadline(json: string): Deadline[] {
  const stored = storedDeadlineSchema.safeParse(parseJson(json));
  if (!stored.success) return [];
  const { v: _, merchantId, metadata, correlationId, ...rest } = stored.data;
  return [{ ...rest, merchantId, metadata, correlationId }];
}
