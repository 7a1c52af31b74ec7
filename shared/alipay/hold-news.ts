import type { Hold, HoldKind } from "../domain/permit.ts";

/** Who is told of holds. */
export interface HoldEvents {
  /** Calls are held from now on, as far as this replica sees. */
  onHeld(hold: Hold): void;
  /** Calls are held no longer: a permit was granted again, or this replica's own hold is over. */
  onReleased(kind: HoldKind): void;
}

/** Tells of a hold once, however many meet it, and of its end. */
export class HoldNews {
  readonly #events: HoldEvents;
  #heldBy: HoldKind | undefined;

  constructor(events: HoldEvents) {
    this.#events = events;
  }

  held(hold: Hold): void {
    if (hold.kind === this.#heldBy) return;
    this.released();
    this.#heldBy = hold.kind;
    this.#events.onHeld(hold);
  }

  /** The hold of this kind is over. Where another one is told of, that one stands. */
  over(kind: HoldKind): void {
    if (kind === this.#heldBy) this.released();
  }

  released(): void {
    if (this.#heldBy === undefined) return;
    this.#events.onReleased(this.#heldBy);
    this.#heldBy = undefined;
  }
}
