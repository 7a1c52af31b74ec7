import type { Redis } from "ioredis";
import { z } from "zod";
import type { Deadline, DueDeadlines } from "../../domain/deadline.ts";
import { readJson } from "../read-json.ts";
import { loadScript } from "../script.ts";

/** Answered in pieces, so that no script holds Redis for long. */
const MOST_AT_ONCE = 100;
/** None that is remembered is more than 25 hours ahead; renewed with each. */
const TTL_SECONDS = 2 * 86_400;

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

const takenSchema = z.tuple([z.number(), z.number(), z.array(z.string())]);

/** When waiting transactions must be answered, shared by all replicas. */
export class Deadlines {
  readonly #keys: readonly string[];
  readonly #scripts;

  constructor(client: Redis, { namespace }: { readonly namespace: string }) {
    this.#keys = [`${namespace}:deadlines`, `${namespace}:deadline-answers`];
    this.#scripts = {
      remind: loadScript(client, "journal/remind"),
      take: loadScript(client, "journal/take-due"),
      forget: loadScript(client, "journal/forget-due"),
    };
  }

  /** Remembers a deadline until it is forgotten; of several of one transaction, the earliest. */
  async remind(deadline: Deadline): Promise<void> {
    const { transactionId, dueMs, claim } = deadline;
    const json = JSON.stringify({ v: 1, ...deadline });
    await this.#scripts.remind(this.#keys, [transactionId, dueMs, json, claim.replays, TTL_SECONDS]);
  }

  /** Takes those that are due; where they are not forgotten within the lease, somebody takes them again. */
  async take(leaseMs: number): Promise<DueDeadlines> {
    const reply = await this.#scripts.take(this.#keys, [leaseMs, MOST_AT_ONCE]);
    const [leaseUntilMs, nextInMs, taken] = takenSchema.parse(reply);
    return {
      deadlines: taken.flatMap(readDeadline),
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
  const stored = storedDeadlineSchema.safeParse(readJson(json));
  if (!stored.success) return [];
  const { v: _, merchantId, metadata, correlationId, ...rest } = stored.data;
  return [{ ...rest, merchantId, metadata, correlationId }];
}
