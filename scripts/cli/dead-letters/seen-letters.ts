/** 48 bits: of a million letters, two are taken for one in one run of 500. Good enough to count by. */
const PREFIX = 8;

/** Remembers which texts were seen, in little memory. For counting only: nothing may be removed on its word. */
export class SeenLetters {
  readonly #seen = new Set<number>();

  /** Whether it is the first time. `digest`: base64url of a hash, or a part of it. */
  isFirst(digest: string): boolean {
    const bits = Buffer.from(digest.slice(0, PREFIX), "base64url");
    const number = bits.readUIntBE(0, 6);
    const sizeBefore = this.#seen.size;
    this.#seen.add(number);
    return this.#seen.size > sizeBefore;
  }
}
