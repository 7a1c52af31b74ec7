/** A power of two: more than a channel mostly has under way. */
const PLACES = 4_096;

/**
 * What is under way by number: the numbers rise, and most of it ends about in their order. The newest few thousand numbers
 * have places that are used again and again; whoever is still there when its place is needed goes to a Map.
 *
 * In a Map alone each would leave something behind: it makes a new table at every few hundred changes, and the old one
 * keeps all that was in it, and a pointer to the next. Once V8 has moved one of these tables to the old generation, it moves
 * whatever passes through the Map after it, which then lies there until the next full collection.
 */
export class NumberedRing<T extends object> {
  /** Of the numbers from `#first` to below `#end`, by number modulo PLACES. */
  readonly #places = Array.from({ length: PLACES }, (): T | undefined => undefined);
  /** Of lower numbers, oldest first. */
  readonly #stragglers = new Map<number, T>();
  #first = 0;
  /** Above all numbers that were added. */
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number is above all that were added before. */
  add(number: number, value: T): void {
    const first = number - PLACES + 1;
    for (let late = this.#first; late < Math.min(first, this.#end); late += 1) {
      const straggler = this.#takeFromPlace(late);
      if (straggler !== undefined) this.#stragglers.set(late, straggler);
    }
    this.#first = Math.max(this.#first, first);
    this.#places[placeOf(number)] = value;
    this.#end = number + 1;
    this.#size += 1;
  }

  get(number: number): T | undefined {
    if (number < this.#first) return this.#stragglers.get(number);
    return number < this.#end ? this.#places[placeOf(number)] : undefined;
  }

  /** Gives what it takes out, if it was there. */
  take(number: number): T | undefined {
    const value = this.get(number);
    if (value === undefined) return undefined;
    if (number < this.#first) this.#stragglers.delete(number);
    else this.#takeFromPlace(number);
    this.#size -= 1;
    return value;
  }

  /** Of those that are there, the one with the lowest number. */
  oldest(): T | undefined {
    const number = this.#oldestNumber();
    return number === undefined ? undefined : this.get(number);
  }

  takeOldest(): T | undefined {
    const number = this.#oldestNumber();
    return number === undefined ? undefined : this.take(number);
  }

  /** In the order of their numbers. */
  *values(): Generator<T> {
    yield* this.#stragglers.values();
    for (let number = this.#first; number < this.#end; number += 1) {
      const value = this.#places[placeOf(number)];
      if (value !== undefined) yield value;
    }
  }

  #oldestNumber(): number | undefined {
    if (this.#stragglers.size > 0) return this.#stragglers.keys().next().value;
    while (this.#first < this.#end && this.#places[placeOf(this.#first)] === undefined) this.#first += 1;
    return this.#first < this.#end ? this.#first : undefined;
  }

  #takeFromPlace(number: number): T | undefined {
    const value = this.#places[placeOf(number)];
    this.#places[placeOf(number)] = undefined;
    return value;
  }
}

const placeOf = (number: number): number => number & (PLACES - 1);
