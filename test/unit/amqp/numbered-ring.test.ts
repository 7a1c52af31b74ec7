import fc from "fast-check";
import { expect, it } from "vitest";
import { NumberedRing } from "../../../shared/amqp/numbered-ring.ts";

interface Numbered {
  readonly number: number;
}

/** What a ring can be told, and tells. */
interface Held {
  add(number: number, value: Numbered): void;
  take(number: number): Numbered | undefined;
  takeOldest(): Numbered | undefined;
  oldest(): Numbered | undefined;
  values(): Iterable<Numbered>;
  readonly size: number;
}

/** The same in the simplest way there is. */
class HeldInMap implements Held {
  readonly #map = new Map<number, Numbered>();
  get size() {
    return this.#map.size;
  }
  add(number: number, value: Numbered) {
    this.#map.set(number, value);
  }
  take(number: number) {
    const value = this.#map.get(number);
    this.#map.delete(number);
    return value;
  }
  takeOldest() {
    const oldest = this.oldest();
    return oldest && this.take(oldest.number);
  }
  oldest() {
    return [...this.#map.values()][0];
  }
  values() {
    return this.#map.values();
  }
}

type Step =
  | readonly ["add", above: number]
  | readonly ["take", number: number]
  | readonly ["take-oldest" | "take-newest"];

/** All that it tells on the way, and holds at the end. */
function toldBy(held: Held, steps: readonly Step[]): unknown[] {
  const told: unknown[] = [];
  let last = 7;
  for (const [what, number = 0] of steps) {
    last += what === "add" ? number : 0;
    if (what === "add") held.add(last, { number: last });
    if (what === "take") told.push(held.take(number));
    if (what === "take-newest") told.push(held.take(last));
    if (what === "take-oldest") told.push(held.takeOldest());
    told.push(held.size, held.oldest());
  }
  return [...told, ...held.values()];
}

it("holds what a map would hold, whatever comes and goes", () => {
  const step = fc.oneof(
    fc.tuple(
      fc.constant("add" as const),
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2_000 }), fc.constant(9_000)),
    ),
    fc.tuple(fc.constant("take" as const), fc.nat(20_000)),
    fc.tuple(fc.constant("take-newest" as const)),
    fc.tuple(fc.constant("take-oldest" as const)),
  );
  const manySteps = fc.array(step, { maxLength: 400, size: "max" });
  fc.assert(
    fc.property(manySteps, (steps) => {
      expect(toldBy(new NumberedRing<Numbered>(), steps)).toEqual(toldBy(new HeldInMap(), steps));
    }),
  );
});

it("holds what stays while many thousands pass it, and finds it first", () => {
  const ring = new NumberedRing<Numbered>();
  const stayed = [1, 2, 5_000].map((number) => ({ number }));
  for (let number = 1; number <= 50_000; number += 1) {
    const staying = stayed.find((one) => one.number === number);
    ring.add(number, staying ?? { number });
    if (staying === undefined) ring.take(number);
  }
  expect([...ring.values()]).toEqual(stayed);
  expect(ring.take(2)).toBe(stayed[1]);
  expect(ring.takeOldest()).toBe(stayed[0]);
  expect(ring.oldest()).toBe(stayed[2]);
  expect(ring.size).toBe(1);
});

it("knows no number that it holds no longer, or not yet", () => {
  const ring = new NumberedRing<object>();
  for (let number = 1; number <= 64; number += 1) ring.add(number, {});
  ring.take(1);
  expect(ring.get(1)).toBeUndefined();
  expect(ring.take(1)).toBeUndefined();
  expect(ring.get(65)).toBeUndefined();
  expect(ring.size).toBe(63);
});
