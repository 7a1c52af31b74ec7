import * as fc from "fast-check";
import { expect, it } from "vitest";
import { EventQueue } from "../../../scripts/plan/event-queue.ts";
import { Fifo } from "../../../scripts/plan/fifo.ts";
import { SortedRing } from "../../../scripts/plan/sorted-ring.ts";

it("events come out in the order of their time", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (times) => {
      const queue = new EventQueue<number>();
      for (const atMs of times) queue.push(atMs, atMs);
      expect(queue.nextAtMs).toBe(Math.min(...times, Infinity));
      const out = times.map(() => queue.pop());
      expect(out).toEqual(times.toSorted((a, b) => a - b));
      expect(queue.pop()).toBeUndefined();
      expect(queue.nextAtMs).toBe(Infinity);
    }),
  );
});

it("events may be added while others are taken out", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(50))), (steps) => {
      const queue = new EventQueue<number>();
      const model: number[] = [];
      const out: (number | undefined)[] = [];
      const expected: (number | undefined)[] = [];
      for (const step of steps) {
        if (step === null) {
          out.push(queue.pop());
          expected.push(model.toSorted((a, b) => a - b)[0]);
          if (model.length > 0) model.splice(model.indexOf(Math.min(...model)), 1);
        } else {
          model.push(step);
          queue.push(step, step);
        }
      }
      expect(out).toEqual(expected);
    }),
  );
});

it("what comes first leaves first, also after many have left", () => {
  const fifo = new Fifo<number>();
  let [next, expected] = [0, 0];
  for (let round = 0; round < 3_000; round += 1) {
    for (let count = 0; count < 3; count += 1) fifo.push(next++);
    expect(fifo.peek()).toBe(expected);
    for (let count = 0; count < 2; count += 1) expect(fifo.shift()).toBe(expected++);
  }
  expect(fifo.length).toBe(3_000);
  expect([...fifo.backwards()].slice(0, 2)).toEqual([next - 1, next - 2]);
});

it("an empty one has nothing", () => {
  const fifo = new Fifo<number>();
  expect([fifo.shift(), fifo.peek(), fifo.length]).toEqual([undefined, undefined, 0]);
});

it("moments are kept in order, however late they come, as many as are asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3_000 }), (jitter) => {
      const ring = new SortedRing();
      const moments = jitter.map((late, place) => place * 100 + late);
      for (const atMs of moments) ring.add({ atMs, isRefused: atMs % 2 === 1 }, -Infinity);
      const sorted = moments.toSorted((a, b) => a - b);
      expect(ring.nthLatest(1)).toBe(sorted.at(-1));
      expect(ring.nthLatest(sorted.length)).toBe(sorted[0]);
      expect(ring.nthLatest(sorted.length + 1)).toBe(-Infinity);
      expect(ring.between(200, 5_000)).toEqual(
        sorted
          .filter((atMs) => atMs >= 200 && atMs <= 5_000)
          .map((atMs) => ({ atMs, isRefused: atMs % 2 === 1 })),
      );
    }),
    { numRuns: 30 },
  );
});

it("forgets what is too old rather than grow", () => {
  const ring = new SortedRing();
  for (let atMs = 0; atMs < 5_000; atMs += 1) ring.add({ atMs, isRefused: false }, atMs - 100);
  expect(ring.nthLatest(100)).toBe(4_900);
  expect(ring.nthLatest(2_000)).toBe(-Infinity);
});
