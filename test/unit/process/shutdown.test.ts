import { EventEmitter, once } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { LogFields } from "../../../shared/process/log-fields.ts";
import { Shutdown } from "../../../shared/process/shutdown.ts";

function newShutdown(graceMs = 60_000) {
  const signals = new EventEmitter();
  const events: string[] = [];
  const record = (event: string, fields: LogFields = {}): void =>
    void events.push([event, fields.release].filter(Boolean).join(" "));
  const shutdown = new Shutdown({ graceMs, signals, log: { info: record, warn: record, error: record } });
  return { shutdown, signals, events };
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, "abort");

describe("an orderly stop", () => {
  it.each(["SIGTERM", "SIGINT"])(
    "follows %s: soft first, then the releases in reverse, each after the other",
    async (name) => {
      const { shutdown, signals } = newShutdown();
      const order: string[] = [];
      shutdown.soft.addEventListener("abort", () => order.push("soft"));
      shutdown.register("connection", () => order.push("connection"));
      shutdown.register("channel", async () => {
        order.push("channel begins");
        await new Promise(setImmediate);
        order.push("channel ends");
      });
      signals.emit(name, name);
      expect(await shutdown.finished).toBe(0);
      expect(order).toEqual(["soft", "channel begins", "channel ends", "connection"]);
      expect(shutdown.hard.aborted).toBe(false);
      expect(signals.listenerCount(name)).toBe(0);
    },
  );

  it("happens once, however often it is asked for", async () => {
    const { shutdown } = newShutdown();
    const release = vi.fn();
    shutdown.register("connection", release);
    expect(await Promise.all([shutdown.stop("done"), shutdown.stop("again")])).toEqual([0, 0]);
    await shutdown.stop("once more");
    expect(release).toHaveBeenCalledTimes(1);
  });

  it("keeps the largest exit code", async () => {
    const { shutdown } = newShutdown();
    shutdown.register("connection", () => void shutdown.stop("its end was lost", 1));
    expect(await shutdown.stop("done")).toBe(1);
  });

  it("runs what fails and what comes after it", async () => {
    const { shutdown, events } = newShutdown();
    const release = vi.fn();
    shutdown.register("first", release);
    shutdown.register("rejecting", () => Promise.reject(new Error("no")));
    shutdown.register("throwing", () => {
      throw new Error("no");
    });
    expect(await shutdown.stop("done")).toBe(1);
    expect(release).toHaveBeenCalledTimes(1);
    expect(events).toEqual(["stopping", "release-failed throwing", "release-failed rejecting", "stopped"]);
  });

  it("releases what is acquired while it runs, and what comes after its end", async () => {
    const { shutdown } = newShutdown();
    const order: string[] = [];
    shutdown.register("first", () => order.push("first"));
    shutdown.register("second", () => {
      order.push("second");
      shutdown.register("late", () => order.push("late"));
    });
    await shutdown.stop("done");
    shutdown.register("too late", () => order.push("too late"));
    expect(order).toEqual(["second", "late", "first", "too late"]);
  });
});

describe("a hard stop", () => {
  it.each([
    { why: "the grace period is over", graceMs: 0, again: undefined },
    { why: "a second signal came", graceMs: 60_000, again: "SIGINT" },
  ])("comes when $why, and frees what waits for it", async ({ graceMs, again }) => {
    const { shutdown, signals, events } = newShutdown(graceMs);
    shutdown.register("calls", () => aborted(shutdown.hard));
    signals.emit("SIGTERM", "SIGTERM");
    expect(shutdown.hard.aborted).toBe(false);
    if (again !== undefined) signals.emit(again, again);
    expect(await shutdown.finished).toBe(1);
    expect(events).toEqual(["stopping", "stopping-hard", "stopped"]);
  });

  it("gives up releases that hang, and still runs the others", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { shutdown, events } = newShutdown(25_000);
    const release = vi.fn();
    shutdown.register("first", release);
    shutdown.register("hanging", () => new Promise(() => {}));
    const finished = shutdown.stop("SIGTERM");
    await vi.advanceTimersByTimeAsync(24_999);
    expect(shutdown.hard.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1 + 2_999);
    expect(shutdown.hard.aborted).toBe(true);
    expect(release).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await finished).toBe(1);
    expect(release).toHaveBeenCalledTimes(1);
    expect(events).toContain("release-abandoned hanging");
    expect(vi.getTimerCount()).toBe(0);
  });
});
