import type { Delivery, Hand } from "../../shared/domain/delivery.ts";
import { MOST_DEATHS, type Passage, type SuspectStage } from "../../shared/domain/suspect.ts";

export interface SuspectsOptions<Mark> {
  /** Where the marks are kept; `set` waits for Redis for as long as the delivery may be in hand. */
  readonly marks: {
    newMark(delivery: Delivery, stage: SuspectStage): Mark;
    set(mark: Mark, hand: Hand): Promise<number>;
    /** Best effort; on its way before any later mark. */
    clear(mark: Mark): Promise<void>;
  };
  /** Told where workers died of a message. */
  readonly onDeaths: (delivery: Delivery, deaths: number) => void;
}

/**
 * Singles out the message that kills workers. When a worker dies, all that it had in hand comes back, the one message
 * that did it and its neighbours alike. So what came back is looked at one at a time, each between a mark in Redis and
 * its removal: a mark that is found set tells of a worker that died with this very message.
 */
export class Suspects<Mark> {
  readonly #options: SuspectsOptions<Mark>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SuspectsOptions<Mark>) {
    this.#options = options;
  }

  /**
   * Runs `work` at once for a delivery that never came back; for a suspect when it is its turn, and under a mark. Not async: almost
   * none comes back, and each delivery passes twice.
   */
  pass<T>(
    stage: SuspectStage,
    delivery: Delivery,
    hand: Hand,
    work: () => T,
  ): Passage<T> | Promise<Passage<T>> {
    if (delivery.deliveryCount === 0) return { kind: "passed", value: work() };
    const turn = this.#last.then(() => this.#passMarked(stage, delivery, hand, work));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #passMarked<T>(
    stage: SuspectStage,
    delivery: Delivery,
    hand: Hand,
    work: () => T,
  ): Promise<Passage<T>> {
    const { marks, onDeaths } = this.#options;
    throwIfOver(hand);
    const mark = marks.newMark(delivery, stage);
    const deaths = await marks.set(mark, hand);
    if (deaths > 0) onDeaths(delivery, deaths);
    if (deaths >= MOST_DEATHS) return { kind: "poisoned", deaths };
    try {
      return { kind: "passed", value: work() };
    } finally {
      // Not waited for: one connection keeps the order, so the next suspect's mark never stands beside this one.
      void marks.clear(mark);
    }
  }
}

/** Whoever waited for their turn for as long as they could be in hand does not hold up the next ones. */
function throwIfOver({ untilMs }: Hand): void {
  if (performance.now() >= untilMs)
    throw new Error("its turn came too late: those before it waited for Redis");
}
