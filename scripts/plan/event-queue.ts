/** What is to happen, earliest first: a binary heap. Events of the same moment come in an order that is always the same. */
export class EventQueue<Event> {
  readonly #atMs: number[] = [];
  readonly #events: Event[] = [];

  /** Infinity where nothing is to come. */
  get nextAtMs(): number {
    return this.#atMs[0] ?? Infinity;
  }

  push(atMs: number, event: Event): void {
    let place = this.#atMs.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#timeAt(parent) <= atMs) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#atMs[place] = atMs;
    this.#events[place] = event;
  }

  /** Takes the earliest event out. */
  pop(): Event | undefined {
    const [first] = this.#events;
    const atMs = this.#atMs.pop();
    const event = this.#events.pop();
    if (atMs !== undefined && event !== undefined && this.#atMs.length > 0) this.#sink(atMs, event);
    return first;
  }

  /** Puts the last event at the top, and down to where it belongs. */
  #sink(atMs: number, event: Event): void {
    const { length } = this.#atMs;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      if (child + 1 < length && this.#timeAt(child + 1) < this.#timeAt(child)) child += 1;
      if (this.#timeAt(child) >= atMs) break;
      this.#move(child, place);
      place = child;
    }
    this.#atMs[place] = atMs;
    this.#events[place] = event;
  }

  #timeAt(place: number): number {
    return this.#atMs[place] ?? Infinity;
  }

  #move(from: number, to: number): void {
    const event = this.#events[from];
    if (event === undefined) return;
    this.#atMs[to] = this.#timeAt(from);
    this.#events[to] = event;
  }
}
