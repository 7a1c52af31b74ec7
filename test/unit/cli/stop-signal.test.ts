import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { stopSignal } from "../../../scripts/cli/stop-signal.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("hears a signal that npm passes on as the same one, and leaves a later one to the system", () => {
  const before = process.listenerCount("SIGHUP");
  const signal = stopSignal(["SIGHUP"]);
  process.emit("SIGHUP", "SIGHUP");
  expect(signal.reason).toEqual(new Error("stopped by SIGHUP"));
  process.emit("SIGHUP", "SIGHUP");
  expect(process.listenerCount("SIGHUP")).toBe(before + 1);
  vi.advanceTimersByTime(500);
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
