import { setTimeout as sleep } from "node:timers/promises";
import type { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import type { Publisher } from "../../../shared/amqp/publisher.ts";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import { replayMessage } from "../../../shared/amqp/replay-message.ts";
import { CallBudget } from "../../../shared/domain/letters/call-budget.ts";
import { batchSize, failsAgain } from "../../../shared/domain/letters/canary.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { isSelected } from "../../../shared/domain/letters/selection.ts";
import type { ReplayCounts, ReplayOrder } from "../../../shared/redis/replay-records.ts";
import { assessLetters, type AssessedLetter, type Assessment, type HeldLetter } from "./assess-letters.ts";
import { holdLetters, type LettersSession } from "./letters-session.ts";
import { Outstanding } from "./outstanding.ts";
import { LETTERS_AT_ONCE } from "./replay-plan.ts";

/** Letters are in hand no longer than this at a time: the broker takes them away after 30 minutes, and others want to look. */
const HELD_MS = 240_000;
/** In between, others may have them. */
const GIVEN_BACK_MS = 500;
/** A batch is no larger than what its share admits in this time. */
const BATCH_MS = 30_000;
const LOOKED_AT_EVERY_MS = 100;
/** A letter may cost four calls: fewer at once could not be taken. */
const LEAST_BURST = 4;

/** How a replay ended. */
export interface ReplayEnd {
  readonly state: "finished" | "stopped" | "paused";
  readonly says: string;
}

export interface ReplayRunOptions {
  readonly id: string;
  readonly startedAtMs: number;
  readonly order: ReplayOrder;
  readonly session: LettersSession;
  readonly assessment: Assessment;
  readonly publisher: Publisher;
  /** Calls per second that the whole quota admits now. */
  readonly perSecond: () => Promise<number>;
  /** So long without any outcome, and it is paused. */
  readonly patienceMs: number;
  /** Why calls stand still, where they do. */
  readonly whyHeld: () => Promise<string | undefined>;
  readonly counts: ReplayCounts;
  /** Fires when it is to end early: Ctrl-C, or somebody paused it. */
  readonly signal: AbortSignal;
  readonly onBatch: (batch: { size: number; answered: number; failed: number }) => void;
  readonly onReplayed: () => void;
}

/** Ends the run from within. */
class Ending extends Error {
  readonly end: ReplayEnd;

  constructor(end: ReplayEnd) {
    super(end.says);
    this.end = end;
  }
}

/**
 * Puts dead letters back: publishes each to the replay lane, waits for the confirm, then takes it off its queue. First
 * a few, and more as they are answered. Killed at any point it loses nothing: a letter that was published and not taken
 * away is known by its instance when it comes again.
 */
export class ReplayRun {
  readonly #options: ReplayRunOptions;
  readonly #outstanding: Outstanding;
  #budget: CallBudget | undefined;
  #batch = 0;
  /** Would fail again; of the last pass over the queue. */
  #left = 0;

  constructor(options: ReplayRunOptions) {
    this.#options = options;
    const { session, counts } = options;
    this.#outstanding = new Outstanding(session.client, session.namespace, counts);
  }

  /** Letters that it leaves where they are. */
  get left(): number {
    return this.#left;
  }

  async run(): Promise<ReplayEnd> {
    try {
      // Until a pass over the whole queue found nothing to do: acks can be lost.
      while (!(await this.#pass())) await sleep(GIVEN_BACK_MS, undefined, { signal: this.#options.signal });
      return { state: "finished", says: "finished" };
    } catch (error) {
      if (error instanceof Ending) return error.end;
      if (!this.#options.signal.aborted) throw error;
      const why: unknown = this.#options.signal.reason;
      return { state: "paused", says: why instanceof Error ? why.message : "paused" };
    }
  }

  /** Goes over the queue once, as far as time allows. Gives whether nothing was left to do. */
  #pass(): Promise<boolean> {
    const { id, session } = this.#options;
    return holdLetters(session, `dead-letters replay ${id}`, async (letters, signal) => {
      this.#left = 0;
      const untilMs = performance.now() + HELD_MS;
      const changesBefore = this.#changes;
      let isCutShort = false;
      const isWhole = await this.#read(
        letters,
        AbortSignal.any([signal, this.#options.signal]),
        async (kept) => {
          isCutShort = !(await this.#work(kept, untilMs));
          return isCutShort || performance.now() > untilMs ? "enough" : "next";
        },
      );
      return isWhole && !isCutShort && this.#changes === changesBefore;
    });
  }

  /** Whatever was taken off the queue. */
  get #changes(): number {
    const { replayed, republished, copies } = this.#options.counts;
    return replayed + republished + copies;
  }

  #read(
    letters: LettersInHand,
    signal: AbortSignal,
    work: (kept: HeldLetter[]) => Promise<"next" | "enough">,
  ): Promise<boolean> {
    const { session, order } = this.#options;
    const kept: HeldLetter[] = [];
    return letters.read({
      perChannel: LETTERS_AT_ONCE,
      signal,
      onLetter: ({ message, remove }) => {
        const letter = readLetter(message, session.names.exchanges.transactions);
        if (isSelected(letter, order.selection) && !this.#isOwn(letter))
          kept.push({ letter, message, remove });
        return "next";
      },
      afterChannel: () => work(kept.splice(0)),
    });
  }

  /** What this replay has put back and failed again, and whatever failed since it began. */
  #isOwn({ replayId, failedAtMs }: Letter): boolean {
    const { id, startedAtMs } = this.#options;
    return replayId === id || (failedAtMs !== undefined && failedAtMs >= startedAtMs);
  }

  /** Gives whether all of them were dealt with in time. */
  async #work(kept: readonly HeldLetter[], untilMs: number): Promise<boolean> {
    if (kept.length === 0) return true;
    const { assessment, counts, order } = this.#options;
    const byInstance = Map.groupBy(await assessLetters(kept, assessment), ({ letter }) => letter.instance);
    const wanted: AssessedLetter<HeldLetter>[][] = [];
    for (const same of byInstance.values()) {
      const kind = same[0]?.prospect.kind;
      if (kind === "copy") counts.copies += removeAll(same);
      else if (kind === "hopeless" && !order.hopeless) this.#left += 1;
      else if (kind === "answered") await this.#publish(same);
      else wanted.push(same);
    }
    while (wanted.length > 0) {
      if (performance.now() > untilMs) return false;
      const perSecond = await this.#refreshBudget();
      const most = Math.max(1, Math.floor((perSecond * BATCH_MS) / 1_000));
      await this.#replayBatch(wanted.splice(0, Math.min(batchSize(this.#batch), most)));
    }
    return true;
  }

  async #refreshBudget(): Promise<number> {
    const perSecond = (await this.#options.perSecond()) * this.#options.order.share;
    this.#budget ??= new CallBudget(perSecond, Math.max(LEAST_BURST, perSecond), performance.now());
    this.#budget.setRate(perSecond, performance.now());
    return perSecond;
  }

  async #replayBatch(batch: readonly AssessedLetter<HeldLetter>[][]): Promise<void> {
    const { counts, order, onBatch } = this.#options;
    const before = { ...counts };
    const publishing: Promise<void>[] = [];
    try {
      for (const same of batch) {
        await this.#takeBudget(same);
        const published = this.#publish(same);
        published.catch(() => undefined); // heard of below
        publishing.push(published);
      }
    } finally {
      // What was published is taken off its queue, also when this ends early.
      await Promise.all(publishing);
    }
    await this.#awaitOutcomes();
    const outcome = { answered: counts.answered - before.answered, failed: counts.failed - before.failed };
    onBatch({ size: batch.length, ...outcome });
    if (!order.keepGoing && failsAgain(this.#batch, outcome)) throw new Ending(this.#stopped(outcome));
    this.#batch += 1;
  }

  #stopped({ answered, failed }: { answered: number; failed: number }): ReplayEnd {
    const reason = this.#outstanding.lastFailure ?? "unknown";
    return {
      state: "stopped",
      says: `stopped: ${failed} of ${answered + failed} failed again (${reason}); mend the cause, or --keep-going`,
    };
  }

  /** Waits until its share of the quota has room for all the calls that the letter may cost. */
  async #takeBudget([first]: readonly AssessedLetter<HeldLetter>[]): Promise<void> {
    const cost = first?.prospect.kind === "call" ? first.prospect.callsLeft : 0;
    for (;;) {
      this.#options.signal.throwIfAborted();
      const waitMs = this.#budget?.take(cost, performance.now()) ?? 0;
      if (waitMs === 0) return;
      await sleep(Math.min(waitMs, LOOKED_AT_EVERY_MS), undefined, { signal: this.#options.signal });
      await this.#collect();
    }
  }

  /** Publishes one letter, and takes it and its copies off the queue once the broker has it. */
  async #publish(same: readonly AssessedLetter<HeldLetter>[]): Promise<void> {
    const { session, publisher, order, id, counts } = this.#options;
    const [first] = same;
    if (first === undefined) return;
    const { letter, past, prospect, read } = first;
    const calls = Math.max(letter.attempts, past?.calls ?? 0);
    const stamp = {
      letter,
      replays: letter.replays ?? past?.replays ?? 0,
      forgiven: order.freshCalls && prospect.kind === "call" ? calls : 0,
      replayId: id,
    };
    await publisher.publish(replayMessage(read.message, stamp, session.names));
    counts.copies += removeAll(same) - 1;
    if (prospect.kind === "answered") {
      counts.republished += 1;
      return;
    }
    counts.replayed += 1;
    this.#options.onReplayed();
    this.#outstanding.add(first);
  }

  async #collect(): Promise<number> {
    const { settled, unusedCalls } = await this.#outstanding.collect();
    this.#budget?.giveBack(unusedCalls);
    return settled;
  }

  /** @throws Ending where nothing moves for too long */
  async #awaitOutcomes(): Promise<void> {
    const { patienceMs, whyHeld, signal } = this.#options;
    for (let idleSinceMs = performance.now(); this.#outstanding.size > 0;) {
      if ((await this.#collect()) > 0) idleSinceMs = performance.now();
      if (this.#outstanding.size === 0) return;
      if (performance.now() - idleSinceMs > patienceMs) {
        const held = await whyHeld();
        const why = held === undefined ? "is a worker running?" : `calls are held: ${held}`;
        throw new Ending({
          state: "paused",
          says: `paused: ${this.#outstanding.size} wait for an outcome (${why})`,
        });
      }
      await sleep(LOOKED_AT_EVERY_MS, undefined, { signal });
    }
  }
}

/** Gives how many there were. */
function removeAll(same: readonly AssessedLetter<HeldLetter>[]): number {
  for (const { read } of same) read.remove();
  return same.length;
}
