import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { LineTurns } from "../../../shared/alipay/line-turns.ts";
import { WaitingLines, type Line, type Waiter } from "../../../shared/alipay/waiting-lines.ts";

let lines: WaitingLines<Waiter>;
let served: number[];
let atOnce: number;
let mostAtOnce: number;
/** What serving one takes. */
let work: () => Promise<unknown>;
let turns: LineTurns<Waiter>;

beforeEach(() => {
  lines = new WaitingLines();
  served = [];
  atOnce = 0;
  mostAtOnce = 0;
  work = () => Promise.resolve();
  turns = new LineTurns(serveNext);
});

async function serveNext(line: Line<Waiter>): Promise<void> {
  const [waiter] = line.waiters;
  if (waiter === undefined) return;
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  await work();
  atOnce -= 1;
  lines.leave(waiter);
  served.push(waiter.priority);
}

function join(priority: number): void {
  turns.serve(lines.join({ call: 1, priority, value: 0, sinceMs: performance.now() }));
}

const allServed = (count: number) => vi.waitFor(() => expect(served).toHaveLength(count), { interval: 5 });

/** The limiter's timers stand still from here on. */
function stopTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

async function turnsOfTheMicrotaskQueue(): Promise<void> {
  for (let i = 0; i < 100; i += 1) await Promise.resolve();
}

describe("a line that nobody competes with", () => {
  it("is served without timers, whoever joins meanwhile", async () => {
    stopTimers();
    for (let i = 0; i < 5; i += 1) join(5);
    await turnsOfTheMicrotaskQueue();
    expect(served).toEqual([5, 5, 5, 5, 5]);
  });

  it("is so again once the others are empty", async () => {
    // Longer than a turn, and always somebody there.
    work = async () => {
      if (served.length < 60) join(5);
      await sleep(1);
    };
    for (const priority of [5, 1]) join(priority);
    await vi.waitFor(() => expect(served.length).toBeGreaterThan(10), { interval: 1 });
    stopTimers();
    for (let waits = 0; lines.size > 0 && waits < 500; waits += 1) await sleep(1);
    expect(lines.size).toBe(0);
  });
});

it("serves the most urgent line first, once whoever is being served is done", async () => {
  const gate = Promise.withResolvers<void>();
  work = () => gate.promise;
  for (const priority of [5, 8, 5, 1]) join(priority);
  await sleep(50); // long enough for the limiter to begin their jobs
  gate.resolve();
  await allServed(4);
  expect(served).toEqual([5, 1, 5, 8]);
});

it("serves everybody, one at a time, whenever they come", async () => {
  const joining = fc.array(
    fc.record({ priority: fc.constantFrom(1, 5, 8, 9), afterMs: fc.constantFrom(0, 0, 0, 1, 4) }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(joining, fc.constantFrom(0, 1, 3), async (joins, workMs) => {
      served = [];
      work = () => (workMs === 0 ? Promise.resolve() : sleep(workMs));
      for (const { priority, afterMs } of joins) {
        if (afterMs > 0) await sleep(afterMs);
        join(priority);
      }
      await allServed(joins.length);
      expect(lines.size).toBe(0);
      expect(mostAtOnce).toBeLessThanOrEqual(1);
    }),
    { numRuns: 20 },
  );
});
