import { expect, it, onTestFinished, vi } from "vitest";
import { atMostEvery } from "../../../workers/risk-detection/at-most-every.ts";

it("says it at once, and again after the time", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const say = vi.fn();
  const sayRarely = atMostEvery(60_000, say);
  const said = [0, 1, 59_998, 1, 1, 60_000].map((laterMs) => {
    vi.advanceTimersByTime(laterMs);
    sayRarely();
    return say.mock.calls.length;
  });
  expect(said).toEqual([1, 1, 1, 2, 2, 3]);
});
