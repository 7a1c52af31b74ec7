/** The hold after a ban, as hold.lua, permit.lua and lift.lua keep it. */
export class VirtualFreeze {
  readonly #freezeMs: number;
  #freeze: { readonly untilMs: number; readonly isProbed: boolean } | undefined;

  constructor(freezeMs: number) {
    this.#freezeMs = freezeMs;
  }

  /** Until a probe may be made: negative where one has been due for so long, undefined where calls are not held. */
  remainingMs(nowMs: number): number | undefined {
    return this.#freeze === undefined ? undefined : this.#freeze.untilMs - nowMs;
  }

  /** Of several ban signals the first one counts, and then that of the probe. */
  begin(nowMs: number): void {
    if (this.#freeze !== undefined && !this.#freeze.isProbed) return;
    this.#freeze = { untilMs: nowMs + this.#freezeMs, isProbed: false };
  }

  /** Nobody else calls until then. */
  probe(untilMs: number): void {
    this.#freeze = { untilMs, isProbed: true };
  }

  /** Gives whether there was one to end: only a probe finds out. */
  lift(): boolean {
    const isOver = this.#freeze?.isProbed === true;
    if (isOver) this.#freeze = undefined;
    return isOver;
  }
}
