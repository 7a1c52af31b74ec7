import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Deadline } from "../../../shared/domain/deadline.ts";
import {
  DeadlineKeeper,
  type DeadlineKeeperOptions,
} from "../../../workers/risk-detection/deadline-keeper.ts";
import { sampleResult } from "../../support/sample-result.ts";

const NOW_MS = Date.parse("2026-11-23T00:00:01.800Z");
const LEASE_ENDS_MS = NOW_MS + 5_000;

const DEADLINE: Deadline = {
  transactionId: "T1",
  rail: "alipay",
  merchantId: "store-17",
  metadata: { channel: "app" },
  dueMs: NOW_MS,
  claim: { digest: "d", pseudonym: "p", replays: 0, calls: 0 },
  correlationId: "c-1",
};

type Options = DeadlineKeeperOptions;
const take = vi.fn<Options["deadlines"]["take"]>();
const forget = vi.fn<Options["deadlines"]["forget"]>();
const store = vi.fn<Options["store"]>();
const publish = vi.fn<Options["publish"]>();
const events = { onAnswered: vi.fn(), onUntold: vi.fn(), onTrouble: vi.fn() };

let keeper: DeadlineKeeper | undefined;

/** Deadlines that are due at once, taken one piece after the other; then none. */
function open(...pieces: (Deadline | Deadline[])[]): DeadlineKeeper {
  const found = (deadlines: Deadline[], nextInMs: number | undefined) =>
    ({ deadlines, leaseUntilMs: LEASE_ENDS_MS, nextInMs }) as const;
  for (const piece of pieces) take.mockResolvedValueOnce(found([piece].flat(), 0));
  take.mockResolvedValue(found([], undefined));
  keeper = new DeadlineKeeper({
    deadlines: { take, forget },
    store,
    publish,
    circumstances: {
      worker: "w1",
      verdictLimits: { reviewAt: 0.5, declineAt: 0.8 },
      fallbackVerdict: "review",
      whenBudgetIsSpent: "hold",
      retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 },
      callPrice: 200,
    },
    now: () => NOW_MS,
    ...events,
  });
  return keeper;
}

beforeEach(() => {
  vi.restoreAllMocks();
  vi.resetAllMocks();
  store.mockImplementation(async (_, outcome) => ({ kind: "stored", outcome }));
  publish.mockResolvedValue();
  forget.mockResolvedValue();
});

afterEach(async () => {
  await keeper?.close();
  keeper = undefined;
});

const FALLBACK = {
  transactionId: "T1",
  verdict: "review",
  riskScore: null,
  source: "fallback",
  attempts: 0,
  decidedAt: "2026-11-23T08:00:01.800+08:00",
  metadata: { channel: "app" },
};

it("stores an answer, publishes it, and only then forgets", async () => {
  forget.mockImplementation(async () => {
    expect(publish).toHaveBeenCalledOnce();
  });
  open(DEADLINE);
  await vi.waitFor(() => expect(forget.mock.calls).toEqual([["T1", LEASE_ENDS_MS]]));
  expect(store.mock.calls[0]?.[1]).toMatchObject({ kind: "result", result: FALLBACK });
  expect(publish.mock.calls[0]?.slice(0, 2)).toEqual([expect.objectContaining(FALLBACK), DEADLINE]);
  expect(events.onAnswered).toHaveBeenCalledOnce();
});

it("tells the calls that others made meanwhile", async () => {
  store.mockResolvedValueOnce({ kind: "recount", calls: 2 });
  open(DEADLINE);
  await vi.waitFor(() => expect(publish).toHaveBeenCalled());
  expect(publish.mock.calls[0]?.[0]).toMatchObject({ attempts: 2, cost: { value: "0.04" } });
});

it("publishes again what somebody could not: the fallback that is stored", async () => {
  const result = sampleResult({ source: "fallback", decidedAt: "2026-11-23T08:00:01.000+08:00" });
  store.mockResolvedValue({ kind: "stored", outcome: { kind: "result", result } });
  open(DEADLINE);
  await vi.waitFor(() => expect(forget).toHaveBeenCalled());
  expect(publish.mock.calls.map(([told]) => told)).toEqual([result]);
});

it("leaves another outcome to the delivery that brought it", async () => {
  const result = sampleResult({ source: "alipay" });
  store.mockResolvedValue({ kind: "stored", outcome: { kind: "result", result } });
  open(DEADLINE);
  await vi.waitFor(() => expect(forget).toHaveBeenCalled());
  expect(publish).not.toHaveBeenCalled();
});

it("forgets nothing that it could not publish, and keeps nobody else waiting for it", async () => {
  publish.mockImplementation((result) =>
    result.transactionId === "T1" ? Promise.reject(new Error("no broker")) : Promise.resolve(),
  );
  open(DEADLINE, { ...DEADLINE, transactionId: "T2" });
  await vi.waitFor(() => expect(forget.mock.calls).toEqual([["T2", LEASE_ENDS_MS]]));
  expect(events.onUntold.mock.calls).toEqual([[DEADLINE, new Error("no broker")]]);
});

it("keeps nobody else waiting for one that could not be stored", async () => {
  const broken = new Error("WRONGTYPE Operation against a key");
  store.mockImplementation(async ({ transactionId }, outcome) => {
    if (transactionId === "T1") throw broken;
    return { kind: "stored", outcome };
  });
  open(DEADLINE, { ...DEADLINE, transactionId: "T2" });
  await vi.waitFor(() => expect(forget.mock.calls).toEqual([["T2", LEASE_ENDS_MS]]));
  expect(events.onUntold.mock.calls).toEqual([[DEADLINE, broken]]);
  expect(events.onTrouble).not.toHaveBeenCalled(); // Redis is there
});

it("forgets one whose id stands for other content by now, and tells nothing", async () => {
  store.mockResolvedValue({ kind: "conflict", calls: 0 });
  open(DEADLINE);
  await vi.waitFor(() => expect(forget).toHaveBeenCalledOnce());
  expect(publish).not.toHaveBeenCalled();
});

describe("while the broker takes nothing", () => {
  beforeEach(() => {
    // Waits to be sent, like the publisher: until the signal.
    publish.mockImplementation(
      (_result, _deadline, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    );
  });

  it("has a thousand in hand at most, and leaves the others in Redis", async () => {
    const warned = vi.fn();
    process.on("warning", warned);
    const piece = Array.from({ length: 100 }, (_, i) => ({ ...DEADLINE, transactionId: `T${i}` }));
    open(...Array.from({ length: 11 }, () => piece));
    await vi.waitFor(() => expect(publish).toHaveBeenCalledTimes(1_000));
    await setImmediate(); // all that could go on without the broker has gone on
    expect(take).toHaveBeenCalledTimes(10);
    process.off("warning", warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it("is closed at once where nothing was sent", async () => {
    const closing = open(DEADLINE);
    await vi.waitFor(() => expect(publish).toHaveBeenCalled());
    await closing.close();
    expect(forget).not.toHaveBeenCalled();
    expect(events.onUntold).not.toHaveBeenCalled();
  });
});

it("waits for a confirm no longer than the lease: who takes it next tells it again", async () => {
  const timeout = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(timeout.signal);
  publish.mockReturnValue(new Promise(() => undefined));
  const closing = open(DEADLINE);
  await vi.waitFor(() => expect(publish).toHaveBeenCalled());
  const closed = closing.close();
  timeout.abort();
  await closed;
  expect(forget).not.toHaveBeenCalled();
});

it("goes on after Redis was away", async () => {
  take.mockRejectedValueOnce(new Error("away"));
  open(DEADLINE);
  await vi.waitFor(() => expect(forget).toHaveBeenCalled(), { timeout: 5_000 });
  expect(events.onTrouble.mock.calls).toEqual([[new Error("away")]]);
});

it("looks at once when the first deadline is added, not after its idle second", async () => {
  const idle = open();
  await vi.waitFor(() => expect(take).toHaveBeenCalledOnce());
  const startedAt = performance.now();
  await vi.waitFor(() => {
    idle.wake();
    expect(take.mock.calls.length).toBeGreaterThan(1);
  });
  expect(performance.now() - startedAt).toBeLessThan(500);
});

it("ends what it is about, and begins nothing more", async () => {
  const confirmed = Promise.withResolvers<void>();
  publish.mockReturnValue(confirmed.promise);
  const closing = open(DEADLINE);
  await vi.waitFor(() => expect(publish).toHaveBeenCalled());
  const closed = closing.close();
  await expect(Promise.race([closed, setImmediate("it waits")])).resolves.toBe("it waits");
  confirmed.resolve();
  await closed;
  expect(forget).toHaveBeenCalledOnce();
  const rounds = take.mock.calls.length;
  closing.wake();
  expect(take).toHaveBeenCalledTimes(rounds);
});
