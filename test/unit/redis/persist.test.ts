import { describe, expect, it, vi } from "vitest";
import { ZodError } from "zod";
import { persist } from "../../../shared/redis/persist.ts";

const AWAY = new Error("Connection is closed.");

function patience(leftMs?: number) {
  const stop = new AbortController();
  const onTrouble = vi.fn();
  const onAnswer = vi.fn();
  const bound = leftMs === undefined ? {} : { untilMs: performance.now() + leftMs };
  return { stop, onTrouble, onAnswer, options: { signal: stop.signal, onTrouble, onAnswer, ...bound } };
}

describe("persist", () => {
  it("runs a command until Redis answers, and tells of each failure", async () => {
    const { options, onTrouble, onAnswer } = patience();
    const run = vi.fn().mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY).mockResolvedValue("PONG");
    expect(await persist(run, options)).toBe("PONG");
    expect(onTrouble.mock.calls).toEqual([[AWAY], [AWAY]]);
    expect(onAnswer).toHaveBeenCalledOnce();
  });

  it("gives up where no more time would be left for another try, and says why", async () => {
    const { options } = patience(200);
    const run = vi.fn().mockRejectedValue(AWAY);
    const startedAt = performance.now();
    await expect(persist(run, options)).rejects.toMatchObject({
      name: "RedisAwayError",
      message: expect.stringContaining("Redis has been away"),
      cause: AWAY,
    });
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(run.mock.calls.length).toBeGreaterThan(1);
  });

  it("tries once, however late it is", async () => {
    const run = vi.fn().mockResolvedValue("PONG");
    expect(await persist(run, patience(-1_000).options)).toBe("PONG");
  });

  it("ends with the signal's reason", async () => {
    const { options, stop, onTrouble } = patience();
    const running = persist(() => Promise.reject(AWAY), options);
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalled());
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
  });

  it.each([new ZodError([]), new SyntaxError("no JSON"), new Error("WRONGTYPE Operation against a key")])(
    "asks no second time after %s: the answer would be the same",
    async (error) => {
      const run = vi.fn().mockRejectedValue(error);
      await expect(persist(run, patience().options)).rejects.toBe(error);
      expect(run).toHaveBeenCalledOnce();
    },
  );
});
