import { setTimeout as sleep } from "node:timers/promises";
import type { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import type { ReturnedLetters } from "../../../shared/amqp/returned-letters.ts";
import { CallBudget } from "../../../shared/domain/letters/call-budget.ts";
import { batchSize, isInVain, type BatchOutcome } from "../../../shared/domain/letters/canary.ts";
import { hasFailedSince, isSelected } from "../../../shared/domain/letters/selection.ts";
import type { ReplayCounts } from "../../../shared/redis/letters/replay-records.ts";
import { assessLetters, type Assessment, type HeldLetter } from "./assess-letters.ts";
import { holdLetters } from "./letters-session.ts";
import { Outstanding } from "./outstanding.ts";
import { putBack, removeAll, type PutBackOptions, type SameLetter } from "./put-back.ts";
import { Ending, pausedAfter, stoppedBy, type ReplayEnd } from "./replay-end.ts";
import { LETTERS_AT_ONCE } from "./replay-plan.ts";

/** In between, others may have them. */
const GIVEN_BACK_MS = 500;
/** A batch is no larger than what its share admits in this time. */
const BATCH_MS = 30_000;
const LOOKED_AT_EVERY_MS = 100;
/** A letter may cost four calls: fewer at once could not be taken. */
const LEAST_BURST = 4;

export interface ReplayRunOptions extends PutBackOptions {
  readonly startedAtMs: number;
  readonly assessment: Assessment;
  readonly returned: ReturnedLetters;
  /** Calls per second that the whole quota admits now. */
  readonly perSecond: () => Promise<number>;
  /** Letters are in hand no longer than this at a time: the broker takes them away after 30 minutes, and others want to look. */
  readonly heldMs: number;
  /** So long without any outcome or call, and it is paused. */
  readonly patienceMs: number;
  readonly whyNothingMoves: () => Promise<string>;
  /** Fires when it is to end early: Ctrl-C, or somebody paused it. */
  readonly signal: AbortSignal;
  readonly onBatch: (batch: BatchOutcome & { size: number }) => void;
  readonly onReplayed: () => void;
}

/** What is put back, and not judged yet. */
interface Batch {
  readonly size: number;
  readonly before: ReplayCounts;
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
  #underWay: Batch | undefined;
  /** Batches that were judged. */
  #judged = 0;
  #movedAtMs = 0;
  /** Would fail again; of the last pass over the queue. */
  #left = 0;

  constructor(options: ReplayRunOptions) {
    this.#options = options;
    const { session, counts, returned } = options;
    const { client, namespace } = session;
    this.#outstanding = new Outstanding({ client, namespace, counts, returned });
  }

  /** Letters that it leaves where they are. */
  get left(): number {
    return this.#left;
  }

  async run(): Promise<ReplayEnd> {
    try {
      // Until a pass over the whole queue found nothing to do: acks can be lost.
      while (!(await this.#pass())) {
        // What was put back needs no letters in hand.
        await this.#judgeBatch(Infinity);
        await sleep(GIVEN_BACK_MS, undefined, { signal: this.#options.signal });
      }
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
    const { id, session, heldMs } = this.#options;
    return holdLetters(session, `dead-letters replay ${id}`, async (letters, signal) => {
      this.#left = 0;
      const untilMs = performance.now() + heldMs;
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
    const { session, order, id, startedAtMs } = this.#options;
    const kept: HeldLetter[] = [];
    return letters.read({
      perChannel: LETTERS_AT_ONCE,
      signal,
      onLetter: ({ message, remove }) => {
        const letter = readLetter(message, session.names.exchanges.transactions);
        if (isSelected(letter, order.selection) && !hasFailedSince(letter, { id, startedAtMs }))
          kept.push({ letter, message, remove });
        return "next";
      },
      afterChannel: () => work(kept.splice(0)),
    });
  }

  /** Gives whether all of them were dealt with in time. */
  async #work(kept: readonly HeldLetter[], untilMs: number): Promise<boolean> {
    if (kept.length === 0) return true;
    const { assessment, counts, order } = this.#options;
    const byInstance = Map.groupBy(await assessLetters(kept, assessment), ({ letter }) => letter.instance);
    const wanted: SameLetter[] = [];
    for (const same of byInstance.values()) {
      const kind = same[0]?.prospect.kind;
      if (kind === "copy") counts.copies += removeAll(same);
      else if (kind === "hopeless" && !order.hopeless) this.#left += 1;
      else if (kind === "answered") await putBack(same, this.#options);
      else wanted.push(same);
    }
    while (wanted.length > 0) {
      if (performance.now() > untilMs) return false;
      const perSecond = await this.#refreshBudget();
      const most = Math.max(1, Math.floor((perSecond * BATCH_MS) / 1_000));
      const batch = wanted.splice(0, Math.min(batchSize(this.#judged), most));
      if (!(await this.#replayBatch(batch, untilMs))) return false;
    }
    return true;
  }

  async #refreshBudget(): Promise<number> {
    const perSecond = (await this.#options.perSecond()) * this.#options.order.share;
    this.#budget ??= new CallBudget(perSecond, Math.max(LEAST_BURST, perSecond), performance.now());
    this.#budget.setRate(perSecond, performance.now());
    return perSecond;
  }

  /** Gives whether there was time for all of it, and for its outcomes. */
  async #replayBatch(batch: readonly SameLetter[], untilMs: number): Promise<boolean> {
    const before = { ...this.#options.counts };
    const publishing: Promise<void>[] = [];
    try {
      for (const same of batch) {
        if (!(await this.#takeBudget(same, untilMs))) break;
        const published = this.#publish(same);
        published.catch(() => undefined); // heard of below
        publishing.push(published);
      }
    } finally {
      // What was published is taken off its queue, also when this ends early or one of them fails.
      await Promise.allSettled(publishing);
    }
    await Promise.all(publishing);
    const size = publishing.length;
    if (size > 0) this.#underWay = { size, before };
    return (await this.#judgeBatch(untilMs)) && size === batch.length;
  }

  /** Waits for the outcomes of what is put back. Gives whether there was time for that. @throws Ending */
  async #judgeBatch(untilMs: number): Promise<boolean> {
    if (this.#underWay === undefined) return true;
    if (!(await this.#awaitOutcomes(untilMs))) return false;
    const { counts, order, onBatch } = this.#options;
    const { size, before } = this.#underWay;
    this.#underWay = undefined;
    const outcome = {
      answered: counts.answered - before.answered,
      fallbacks: counts.fallbacks - before.fallbacks,
      failed: counts.failed - before.failed,
    };
    onBatch({ size, ...outcome });
    if (!order.keepGoing && isInVain(this.#judged, outcome))
      throw new Ending(stoppedBy(outcome, this.#outstanding.lastFailure));
    this.#judged += 1;
    return true;
  }

  /** Waits until its share of the quota has room for all the calls that the letter may cost. Gives whether there was time. */
  async #takeBudget([first]: SameLetter, untilMs: number): Promise<boolean> {
    const cost = first?.prospect.kind === "call" ? first.prospect.callsLeft : 0;
    for (;;) {
      this.#options.signal.throwIfAborted();
      const waitMs = this.#budget?.take(cost, performance.now()) ?? 0;
      if (waitMs === 0) return true;
      if (performance.now() > untilMs) return false;
      await sleep(Math.min(waitMs, LOOKED_AT_EVERY_MS), undefined, { signal: this.#options.signal });
      await this.#collect();
    }
  }

  async #publish(same: SameLetter): Promise<void> {
    const followed = await putBack(same, this.#options);
    if (followed === undefined) return;
    this.#movedAtMs = performance.now();
    this.#options.onReplayed();
    this.#outstanding.add(followed);
  }

  async #collect(): Promise<void> {
    const { unusedCalls, hasMoved } = await this.#outstanding.collect();
    this.#budget?.giveBack(unusedCalls);
    if (hasMoved) this.#movedAtMs = performance.now();
  }

  /** Gives whether there was time for all of them. @throws Ending where nothing moves for too long */
  async #awaitOutcomes(untilMs: number): Promise<boolean> {
    const { patienceMs, whyNothingMoves, signal } = this.#options;
    for (;;) {
      await this.#collect();
      if (this.#outstanding.size === 0) return true;
      if (performance.now() - this.#movedAtMs > patienceMs)
        throw new Ending(pausedAfter(patienceMs, this.#outstanding.size, await whyNothingMoves()));
      if (performance.now() > untilMs) return false;
      await sleep(LOOKED_AT_EVERY_MS, undefined, { signal });
    }
  }
}
