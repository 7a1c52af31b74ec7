import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Delivery } from "../../domain/delivery.ts";
import { MOST_DEATHS, SUSPECT_STAGES, type SuspectStage } from "../../domain/suspect.ts";
import { loadScript } from "../script.ts";

/** A message that kills less than a worker a day stops nobody's work. */
const TTL_SECONDS = 86_400;
/** Work under a mark takes milliseconds; a reply that is lost, two seconds. */
const LEFT_BY_THE_DEAD_MS = 5_000;
const ASKED_AGAIN_AFTER_MS = 250;

const replySchema = z.tuple([z.number(), z.number()]);

/** Where a mark is. */
export interface SuspectMark {
  readonly keys: readonly string[];
  readonly stage: SuspectStage;
}

/** Marks of one worker in Redis that outlive it: what it did last, should it die of it. Its own tell it nothing: it lives. */
export class SuspectMarks {
  readonly #client: Redis;
  readonly #namespace: string;
  readonly #worker = randomUUID();
  readonly #mark;

  constructor(client: Redis, { namespace }: { readonly namespace: string }) {
    this.#client = client;
    this.#namespace = namespace;
    this.#mark = loadScript(client, "journal/mark");
  }

  /** Where the marks of a message are. One that is replayed starts with none. */
  newMark({ body, replays = 0, instance = "" }: Delivery, stage: SuspectStage): SuspectMark {
    const name = `${createHash("sha256").update(body).digest("hex")}:${replays}:${instance}`;
    const keys = SUSPECT_STAGES.map((each) => `${this.#namespace}:suspect:${name}:${each}`);
    return { keys, stage };
  }

  /**
   * Gives how many workers died under a mark of the same message; with `MOST_DEATHS` of them, nothing is set. Where that
   * hangs on marks that others may be about to remove, since they have the same message in hand, it waits for those.
   */
  async set(mark: SuspectMark): Promise<number> {
    for (;;) {
      const [deaths, doubtfulForMs] = await this.#ask(mark);
      if (doubtfulForMs <= 0) return deaths;
      await sleep(Math.min(doubtfulForMs, ASKED_AGAIN_AFTER_MS));
    }
  }

  /** Where there is no answer, the mark may be set yet, when Redis goes on; it is taken back behind that. */
  async #ask(mark: SuspectMark): Promise<z.infer<typeof replySchema>> {
    const stage = SUSPECT_STAGES.indexOf(mark.stage) + 1;
    const limits = [MOST_DEATHS, TTL_SECONDS, LEFT_BY_THE_DEAD_MS];
    try {
      return replySchema.parse(await this.#mark(mark.keys, [stage, this.#worker, ...limits]));
    } catch (error) {
      this.#client.hdel(keyOf(mark), this.#worker).catch(() => undefined);
      throw error;
    }
  }

  /** It came through: nobody died of this stage. Best effort: a mark that stays is cleared by the next who comes through. */
  async clear(mark: SuspectMark): Promise<void> {
    await this.#client.del(keyOf(mark)).catch(() => undefined);
  }
}

const keyOf = ({ keys, stage }: SuspectMark): string => keys[SUSPECT_STAGES.indexOf(stage)] ?? "";
