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
    await expect(persist(run, options)).rejects.toMatchObject({
      name: "RedisAwayError",
      message: expect.stringContaining("Redis has been away"),
      cause: AWAY,
    });
    // After 50 and 150 ms; the next would be after 350. A machine that is late tries once less.
    expect([2, 3]).toContain(run.mock.calls.length);
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

  // As Redis 7.0 words them, inside of a script.
  const inScript = (words: string) => new Error(`${words} script: a3297, on @user_script:1.`);

  it.each([
    new ZodError([]),
    new SyntaxError("no JSON"),
    inScript("WRONGTYPE Operation against a key holding the wrong kind of value"),
    inScript("ERR hash value is not an integer"),
    inScript("ERR user_script:1: attempt to perform arithmetic on a nil value"),
  ])("asks no second time after %s: the answer would be the same", async (error) => {
    const run = vi.fn().mockRejectedValue(error);
    await expect(persist(run, patience().options)).rejects.toBe(error);
    expect(run).toHaveBeenCalledOnce();
  });

  it.each([
    inScript("OOM command not allowed when used memory > 'maxmemory'."),
    inScript("READONLY You can't write against a read only replica."),
    inScript("NOREPLICAS Not enough good replicas to write."),
    inScript(
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    ),
    new Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    new Error("ERR max number of clients reached"),
  ])("waits for Redis through %s: nothing is wrong with the transaction", async (error) => {
    const run = vi.fn().mockRejectedValueOnce(error).mockResolvedValue("stored");
    expect(await persist(run, patience().options)).toBe("stored");
  });
});
