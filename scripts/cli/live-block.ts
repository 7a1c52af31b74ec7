import { createLogUpdate } from "log-update";

/** Lines at the end of a terminal's output that are drawn again in their place. */
export class LiveBlock {
  readonly #stream: NodeJS.WriteStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #last = "";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#update = createLogUpdate(stream);
  }

  /** As wide as the terminal is now. */
  get columns(): number {
    return this.#stream.columns;
  }

  /** Lines that do not fit below each other are left out at the end, where the less important ones stand. */
  draw(text: string): void {
    const lines = text.trimEnd().split("\n");
    const room = Math.max(1, this.#stream.rows - 1);
    const shown = lines.length > room ? [...lines.slice(0, room - 1), "…"] : lines;
    this.#last = shown.join("\n");
    this.#update(this.#last);
  }

  /** Says something above it. */
  note(line: string): void {
    this.#update.clear();
    this.#stream.write(`${line}\n`);
    if (this.#last !== "") this.#update(this.#last);
  }

  /** Leaves the last lines as they stand. */
  end(): void {
    this.#update.done();
    this.#last = "";
  }

  /** Takes the last lines away. */
  remove(): void {
    this.#update.clear();
    this.end();
  }
}
