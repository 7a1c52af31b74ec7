const LEAST_PLACES = 64;

/**
 * What is under way by number: the numbers rise, and most of it ends about in their order. Its places are used again and
 * again. A Map would leave a table behind at every few hundred changes, with all that was in it then and a pointer to the
 * next table; once V8 has moved one of these to the old generation, it moves whatever passes through the Map after it,
 * which then lies there until the next full collection.
 *
 * It takes as much room as there is from the oldest number to the newest, and gives it back: one that stays for minutes
 * while thousands pass it costs eight bytes for each of them, for so long.
 */
export class NumberedRing<T extends object> {
  /** By number, modulo its length, which is a power of two. */
  #places = emptyPlaces<T>(LEAST_PLACES);
  /** No number below has a place. */
  #first = 0;
  /** Above all numbers that have one. */
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number is above all that were added before. */
  add(number: number, value: T): void {
    if (this.#size === 0) this.#first = number;
    while (number - this.#first >= this.#places.length) this.#resize(2 * this.#places.length);
    this.#places[this.#placeOf(number)] = value;
    this.#end = number + 1;
    this.#size += 1;
  }

  get(number: number): T | undefined {
    const isWithin = number >= this.#first && number < this.#end;
    return isWithin ? this.#places[this.#placeOf(number)] : undefined;
  }

  /** Gives what it takes out, if it was there. */
  take(number: number): T | undefined {
    const value = this.get(number);
    if (value === undefined) return undefined;
    this.#places[this.#placeOf(number)] = undefined;
    this.#size -= 1;
    while (this.#size > 0 && this.get(this.#first) === undefined) this.#first += 1;
    if (this.#isMuchTooLarge()) this.#resize(this.#places.length / 2);
    return value;
  }

  /** Of those that are there, the one with the lowest number. */
  oldest(): T | undefined {
    return this.get(this.#first);
  }

  takeOldest(): T | undefined {
    return this.take(this.#first);
  }

  /** In the order of their numbers. */
  *values(): Generator<T> {
    for (let number = this.#first; number < this.#end; number += 1) {
      const value = this.get(number);
      if (value !== undefined) yield value;
    }
  }

  #placeOf(number: number): number {
    return number & (this.#places.length - 1);
  }

  /** Much, so that it does not grow and shrink with each burst. */
  #isMuchTooLarge(): boolean {
    const span = this.#size === 0 ? 0 : this.#end - this.#first;
    return this.#places.length > LEAST_PLACES && span * 8 < this.#places.length;
  }

  #resize(count: number): void {
    const places = emptyPlaces<T>(count);
    for (let number = this.#first; number < this.#end; number += 1) {
      const value = this.get(number);
      if (value !== undefined) places[number & (count - 1)] = value;
    }
    this.#places = places;
  }
}

function emptyPlaces<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
