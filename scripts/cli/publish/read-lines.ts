/** A line without its line feed. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Cut after the longest length that was allowed, and one more byte to tell. */
  readonly bytes: Buffer;
  /** What it takes up, the line feed included. */
  readonly fileBytes: number;
}

const LINE_FEED = 0x0a;

/** Splits bytes at line feeds and changes nothing else. A line feed at the very end begins no further line. */
export async function* readLines(chunks: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Line> {
  const line = new GrowingLine(longest + 1);
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to !== -1; to = chunk.indexOf(LINE_FEED, from)) {
      line.add(chunk.subarray(from, to));
      yield line.take(1);
      from = to + 1;
    }
    line.add(chunk.subarray(from));
  }
  if (line.fileBytes > 0) yield line.take(0);
}

/** What is known of the line so far: a file of one endless line must not fill the memory. */
class GrowingLine {
  readonly #most: number;
  #number = 0;
  #pieces: Buffer[] = [];
  #kept = 0;
  fileBytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(piece: Buffer): void {
    const kept = piece.subarray(0, this.#most - this.#kept);
    if (kept.length > 0) this.#pieces.push(kept);
    this.#kept += kept.length;
    this.fileBytes += piece.length;
  }

  take(terminatorBytes: number): Line {
    this.#number += 1;
    const [first, ...rest] = this.#pieces;
    const bytes = first !== undefined && rest.length === 0 ? first : Buffer.concat(this.#pieces);
    const fileBytes = this.fileBytes + terminatorBytes;
    this.#pieces = [];
    this.#kept = 0;
    this.fileBytes = 0;
    return { number: this.#number, bytes, fileBytes };
  }
}
