import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FailureRecord } from "../../../shared/domain/failure-record.ts";
import { FailureBook } from "../../../workers/risk-detection/failure-book.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openBook() {
  const written: FailureRecord[][] = [];
  const book = new FailureBook({ worker: "w1", now: () => 42 });
  const write = async (failures: readonly FailureRecord[]): Promise<void> => void written.push([...failures]);
  return { book, written, write };
}

it("counts failures of one sort, and writes them once a second", async () => {
  const { book, written, write } = openBook();
  book.writeTo(write);
  for (const transactionId of ["T1", "T2", "T3"]) {
    book.note({ event: "dead-letter", reason: "malformed", transactionId });
  }
  book.note({ event: "call-failed", code: "http-502" });
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  const common = { atMs: 42, worker: "w1" };
  expect(written).toEqual([
    [
      { event: "dead-letter", reason: "malformed", transactionId: "T3", count: 3, ...common },
      { event: "call-failed", code: "http-502", count: 1, ...common },
    ],
  ]);
});

it("writes nothing, and waits for nothing, while nothing fails", async () => {
  const { book, write } = openBook();
  book.writeTo(write);
  expect(vi.getTimerCount()).toBe(0);
  await book.close();
});

it("keeps what came before there was somewhere to write it", async () => {
  const { book, written, write } = openBook();
  book.note({ event: "redis-away" });
  book.writeTo(write);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toMatchObject([[{ event: "redis-away", count: 1 }]]);
});

it("keeps what could not be written, and adds to it", async () => {
  const { book, written, write } = openBook();
  let isAway = true;
  book.writeTo((failures) => (isAway ? Promise.reject(new Error("away")) : write(failures)));
  book.note({ event: "redis-away" });
  await vi.advanceTimersByTimeAsync(1_000);
  book.note({ event: "redis-away" });
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toMatchObject([[{ event: "redis-away", count: 2 }]]);
});

it("is bounded, however many sorts there are", async () => {
  const { book, written, write } = openBook();
  book.writeTo(write);
  for (let code = 0; code < 1_000; code++) book.note({ event: "call-failed", code: `${code}` });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat()).toHaveLength(50);
});

it("writes what is left when it is closed, and leaves no timer", async () => {
  const { book, written, write } = openBook();
  book.writeTo(write);
  book.note({ event: "call-failed", code: "http-502" });
  await book.close();
  expect(written).toHaveLength(1);
  const failing = openBook().book;
  failing.writeTo(() => Promise.reject(new Error("away")));
  failing.note({ event: "redis-away" });
  await failing.close();
  expect(vi.getTimerCount()).toBe(0);
});
