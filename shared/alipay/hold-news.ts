import type { Hold, HoldKind } from "../domain/permit.ts";

/** Who is told of holds. */
export interface HoldEvents {
  /** Calls are held from now on, as far as this replica sees. */
  onHeld(hold: Hold): void;
  /** A permit was granted again. */
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

  released(): void {
    if (this.#heldBy === undefined) return;
    this.#events.onReleased(this.#heldBy);
    this.#heldBy = undefined;
  }
}
