import { createHash, randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Delivery } from "../domain/delivery.ts";
import { MOST_DEATHS, SUSPECT_STAGES, type SuspectStage } from "../domain/suspect.ts";
import { loadScript } from "./script.ts";

/** A message that kills less than a worker a day stops nobody's work. */
const TTL_SECONDS = 86_400;

/** One mark: who left it, and where. */
export interface SuspectMark {
  readonly keys: readonly string[];
  readonly stage: SuspectStage;
  readonly token: string;
}

/** Marks in Redis that outlive the worker which set them: what it did last, should it die of it. */
export class SuspectMarks {
  readonly #client: Redis;
  readonly #namespace: string;
  readonly #mark;

  constructor(client: Redis, { namespace }: { readonly namespace: string }) {
    this.#client = client;
    this.#namespace = namespace;
    this.#mark = loadScript(client, "mark");
  }

  /** Where the marks of a message are. One that is replayed starts with none. */
  newMark({ body, replays = 0, instance = "" }: Delivery, stage: SuspectStage): SuspectMark {
    const name = `${createHash("sha256").update(body).digest("hex")}:${replays}:${instance}`;
    const keys = SUSPECT_STAGES.map((each) => `${this.#namespace}:suspect:${name}:${each}`);
    return { keys, stage, token: randomUUID() };
  }

  /** Gives how many workers died under a mark of the same message; with `MOST_DEATHS` of them, nothing is set. */
  async set({ keys, stage, token }: SuspectMark): Promise<number> {
    const reply = await this.#mark(keys, [
      SUSPECT_STAGES.indexOf(stage) + 1,
      token,
      MOST_DEATHS,
      TTL_SECONDS,
    ]);
    return z.number().parse(reply);
  }

  /** It came through: nobody died of this stage. Best effort: a mark that stays is cleared by the next who comes through. */
  async clear({ keys, stage }: SuspectMark): Promise<void> {
    await this.#client.del(keys[SUSPECT_STAGES.indexOf(stage)] ?? "").catch(() => undefined);
  }
}
