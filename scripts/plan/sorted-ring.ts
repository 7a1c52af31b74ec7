/** When a call arrived at the latest, and whether it was one too many. */
export interface Arrival {
  readonly atMs: number;
  readonly isRefused: boolean;
}

/** Arrivals in order that come in almost in order: the few that are late find their place from the end. */
export class SortedRing {
  #momentsMs = new Float64Array(1_024);
  #refused = new Uint8Array(1_024);
  /** Numbers of the oldest that is kept, and of the next one. */
  #oldest = 0;
  #next = 0;

  /** Forgets what lies before `fromMs` rather than grow. */
  add({ atMs, isRefused }: Arrival, fromMs: number): void {
    if (this.#next - this.#oldest === this.#momentsMs.length) this.#makeRoom(fromMs);
    let place = this.#next;
    this.#next += 1;
    for (; place > this.#oldest && this.#momentAt(place - 1) > atMs; place -= 1) {
      this.#put(place, this.#momentAt(place - 1), this.#isRefusedAt(place - 1));
    }
    this.#put(place, atMs, isRefused);
  }

  /** The moment of the nth from the end, from 1; -Infinity where there are not so many. */
  nthLatest(n: number): number {
    const place = this.#next - n;
    return place >= this.#oldest ? this.#momentAt(place) : -Infinity;
  }

  /** In order, both bounds included. */
  between(fromMs: number, toMs: number): Arrival[] {
    const found: Arrival[] = [];
    for (let place = this.#next - 1; place >= this.#oldest && this.#momentAt(place) >= fromMs; place -= 1) {
      const atMs = this.#momentAt(place);
      if (atMs <= toMs) found.push({ atMs, isRefused: this.#isRefusedAt(place) });
    }
    return found.toReversed();
  }

  #momentAt(place: number): number {
    return this.#momentsMs[place % this.#momentsMs.length] ?? NaN;
  }

  #isRefusedAt(place: number): boolean {
    return this.#refused[place % this.#refused.length] === 1;
  }

  #put(place: number, atMs: number, isRefused: boolean): void {
    this.#momentsMs[place % this.#momentsMs.length] = atMs;
    this.#refused[place % this.#refused.length] = isRefused ? 1 : 0;
  }

  #makeRoom(fromMs: number): void {
    while (this.#oldest < this.#next && this.#momentAt(this.#oldest) < fromMs) this.#oldest += 1;
    const kept = this.between(-Infinity, Infinity);
    if (kept.length * 2 > this.#momentsMs.length) {
      this.#momentsMs = new Float64Array(this.#momentsMs.length * 2);
      this.#refused = new Uint8Array(this.#momentsMs.length);
    }
    for (const [index, { atMs, isRefused }] of kept.entries()) {
      this.#put(this.#oldest + index, atMs, isRefused);
    }
  }
}
