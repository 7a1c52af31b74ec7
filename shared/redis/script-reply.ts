/** A script replied what its reader does not know. */
export class UnreadableReplyError extends Error {
  override readonly name = "UnreadableReplyError";
}

/**
 * A reply of a script of ours: what came of it, and what belongs to that, by position. For the scripts of each delivery: it
 * makes nothing of each value, as a schema does.
 */
export class ScriptReply {
  readonly #values: readonly unknown[];

  /** @throws UnreadableReplyError where it is no list */
  constructor(said: unknown) {
    if (!Array.isArray(said)) throw new UnreadableReplyError("a script's reply is no list");
    this.#values = said;
  }

  /** What came of it, to be matched. */
  get kind(): unknown {
    return this.#values[0];
  }

  /** @throws UnreadableReplyError where there is none at this position; so do the others */
  number(at: number): number {
    const value = this.#values[at];
    if (typeof value !== "number") throw this.#missing("number", at);
    return value;
  }

  text(at: number): string {
    const value = this.#values[at];
    if (typeof value !== "string") throw this.#missing("text", at);
    return value;
  }

  textOrNull(at: number): string | null {
    return this.#values[at] === null ? null : this.text(at);
  }

  /** For a reply of a kind that its reader does not know. */
  unknown(): UnreadableReplyError {
    return new UnreadableReplyError(`a script's reply is of no known kind: ${String(this.kind)}`);
  }

  #missing(what: string, at: number): UnreadableReplyError {
    return new UnreadableReplyError(`a script's reply "${String(this.kind)}" has no ${what} at ${at}`);
  }
}
