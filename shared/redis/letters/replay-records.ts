import { randomUUID } from "node:crypto";
import { z } from "zod";
import { isWritableInstant } from "../../domain/instant.ts";
import type { LetterSelection } from "../../domain/letters/selection.ts";
import { auditKey } from "../audit.ts";
import type { RedisClient } from "../connection.ts";
import { readJson } from "../read-json.ts";
import { loadScript, type Script } from "../script.ts";
import { readable } from "../readable.ts";

const TTL_SECONDS = 90 * 86_400;
/** Who runs it says so this often at least; after that nobody does. */
const ALIVE_MS = 20_000;

const selectionSchema = z.object({
  reason: z.string().optional(),
  code: z.string().optional(),
  sinceMs: z.number().optional(),
  untilMs: z.number().optional(),
  merchant: z.string().optional(),
  ids: z.array(z.string()).optional(),
  minAmount: z.number().optional(),
}) satisfies z.ZodType<LetterSelection>;

const orderSchema = z.object({
  selection: selectionSchema,
  share: z.number().positive().max(1),
  freshCalls: z.boolean(),
  hopeless: z.boolean(),
  keepGoing: z.boolean(),
});

/** What an operator wants put back, and how. */
export type ReplayOrder = z.infer<typeof orderSchema>;

const countsSchema = z.object({
  /** Put back onto the replay lane. */
  replayed: z.number(),
  /** Of these: have a result now that is no fallback. */
  answered: z.number(),
  /** Of these: got a verdict by policy, for nobody could answer. */
  fallbacks: z.number(),
  /** Of these: are dead letters again. */
  failed: z.number(),
  /** Put back so that a result which was there already is published again. */
  republished: z.number(),
  /** Copies of what was put back before, taken away. */
  copies: z.number(),
  calls: z.number(),
});

export type ReplayCounts = z.infer<typeof countsSchema>;

const STATES = ["running", "paused", "stopped", "finished"] as const;
export type ReplayState = (typeof STATES)[number];

const jsonOf = <T>(schema: z.ZodType<T>) => z.string().transform(readJson).pipe(schema);

const recordSchema = z.object({
  id: z.string(),
  by: z.string(),
  why: z.string(),
  startedAt: z.coerce.number().refine(isWritableInstant),
  state: z.enum(STATES),
  order: jsonOf(orderSchema),
  counts: jsonOf(countsSchema),
  aliveUntil: z.coerce.number().default(0),
});

/** One run of `dead-letters replay`. */
export interface ReplayRecord {
  readonly id: string;
  readonly by: string;
  readonly why: string;
  /** By Redis' clock: what failed later is not put back by it. */
  readonly startedAt: number;
  /** "interrupted": it says that it runs, and nobody runs it. */
  readonly state: ReplayState | "interrupted";
  readonly order: ReplayOrder;
  readonly counts: ReplayCounts;
}

const takenUpSchema = z.enum(["absent", "finished", "running", "taken"]);
const keptSchema = z.enum(["lost", "pause", "kept"]);

/**
 * The replays of an installation: what they are to do, how far they are, who wants them paused. What one of these
 * objects began or took up, it alone runs, until nothing was heard of it for a while and another one took it up.
 */
export class ReplayRecords {
  readonly #client: RedisClient;
  readonly #namespace: string;
  readonly #runner = randomUUID();
  readonly #keep: Script;

  constructor(client: RedisClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#keep = loadScript(client, "letters/keep-replay");
  }

  /** Writes a new one, together with its audit. `details`: what the audit says besides. */
  async start(record: ReplayRecord, details: Readonly<Record<string, unknown>>): Promise<void> {
    const { id, by, why, startedAt, order, counts } = record;
    const fields = {
      state: "running",
      order: JSON.stringify(order),
      counts: JSON.stringify(counts),
      aliveUntil: startedAt + ALIVE_MS,
      runner: this.#runner,
    };
    await loadScript(this.#client, "letters/start-replay")(
      [auditKey(this.#namespace), this.#key(id), this.#index],
      [
        "dead-letters-replay",
        by,
        why,
        JSON.stringify({ replay: id, ...details }),
        id,
        TTL_SECONDS,
        startedAt,
        ...Object.entries(fields).flat(),
      ],
    );
  }

  /** Takes one up that nobody runs, together with its audit; else gives why it cannot be. */
  async takeUp(
    id: string,
    { by, why }: { by: string; why: string },
  ): Promise<"absent" | "finished" | "running" | "taken"> {
    const takeUp = loadScript(this.#client, "letters/take-up-replay");
    return takenUpSchema.parse(
      await takeUp(
        [auditKey(this.#namespace), this.#key(id)],
        ["dead-letters-resume", by, why, this.#runner, ALIVE_MS, id],
      ),
    );
  }

  /** Says that it is alive and how far it is. Gives whether somebody wants it paused, or took it up meanwhile. */
  async beat(id: string, counts: ReplayCounts): Promise<"lost" | "pause" | "kept"> {
    return keptSchema.parse(
      await this.#keep([this.#key(id)], [this.#runner, "running", JSON.stringify(counts), ALIVE_MS]),
    );
  }

  async end(id: string, counts: ReplayCounts, state: ReplayState): Promise<void> {
    await this.#keep([this.#key(id)], [this.#runner, state, JSON.stringify(counts), 0]);
  }

  /** Whoever runs it pauses it soon. */
  async wantPause(id: string): Promise<void> {
    await this.#client.hset(this.#key(id), "wanted", "pause");
  }

  async read(id: string, nowMs: number): Promise<ReplayRecord | undefined> {
    const key = this.#key(id);
    const record = recordSchema.safeParse(await readable(key, () => this.#client.hgetall(key)));
    if (!record.success) return undefined;
    const { aliveUntil, ...said } = record.data;
    return { ...said, state: said.state === "running" && aliveUntil < nowMs ? "interrupted" : said.state };
  }

  /** The last ones, newest first. */
  async last(most: number, nowMs: number): Promise<ReplayRecord[]> {
    const ids = await readable(this.#index, () => this.#client.zrevrange(this.#index, 0, most - 1));
    const records = await Promise.all(ids.map((id) => this.read(id, nowMs)));
    return records.filter((record) => record !== undefined);
  }

  #key(id: string): string {
    return `${this.#namespace}:dead-letters:replay:${id}`;
  }

  get #index(): string {
    return `${this.#namespace}:dead-letters:replays`;
  }
}
