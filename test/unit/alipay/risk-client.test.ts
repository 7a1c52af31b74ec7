import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Departure, Gateway, GatewayAnswer } from "../../../shared/alipay/gateway.ts";
import type { CallRecord } from "../../../shared/alipay/permitted-calls.ts";
import { RiskClient, type Ledger, type RiskClientOptions } from "../../../shared/alipay/risk-client.ts";
import type { Claim, SentReply } from "../../../shared/domain/claim.ts";
import type { Failure } from "../../../shared/domain/failure.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import type { Hold, PermitReply, Signal } from "../../../shared/domain/permit.ts";
import type { Scoring } from "../../../shared/domain/scoring.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { sampleClaim } from "../../support/sample-claim.ts";

const CALL = { latencyMs: 80, isAnswered: true, traceId: "21a3" } as const;

const scored: GatewayAnswer = {
  kind: "scored",
  riskScore: 0.62,
  ruleCodes: ["DEVICE_VELOCITY"],
  ...CALL,
};
const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };

const failed = (
  failure: Failure,
  call: Partial<typeof CALL | { isAnswered: false }> = {},
): GatewayAnswer => ({
  kind: "failed",
  failure,
  ...CALL,
  ...call,
});
const notSent = (why: "withdrawn" | "aborted" | "unreachable"): GatewayAnswer => ({
  kind: "not-sent",
  why,
  detail: "no connection: ECONNREFUSED",
});

const RETRYABLE: Failure = { kind: "retryable", code: "timeout", detail: "no complete answer" };
const QUOTA: Failure = { kind: "quota", code: "40005 isv.app-call-limited", retryAfterMs: 2_000 };
const BANNED: Failure = { kind: "banned", code: "40006 isv.app-api-punished" };
const PERMISSION: Failure = { kind: "permission", code: "40006", detail: "no permission" };
const SKEW: Failure = { kind: "clock-skew", code: "40002 isv.invalid-timestamp", skewMs: 600_000 };
const PERMANENT: Failure = { kind: "permanent", code: "40004 INVALID_PARAMETER", detail: "amount" };
const UNKNOWN: Failure = { kind: "unknown-code", code: "49999", detail: "unheard of" };

/** A gateway that gives the prepared answers one after the other, the last one again and again. */
class FakeGateway implements Gateway {
  calls = 0;
  /** When each call left, on whatever clock is set. */
  readonly departures: number[] = [];
  #answers: ((departure: Departure) => GatewayAnswer | Promise<GatewayAnswer>)[] = [];

  answerWith(
    ...answers: (GatewayAnswer | ((departure: Departure) => GatewayAnswer | Promise<GatewayAnswer>))[]
  ): void {
    this.#answers = answers.map((answer) => (typeof answer === "function" ? answer : () => answer));
  }

  async detect(_: unknown, departure: Departure): Promise<GatewayAnswer> {
    if (departure.signal?.aborted === true) return notSent("aborted");
    if (!departure.beforeDeparture()) return notSent("withdrawn");
    this.calls += 1;
    this.departures.push(Date.now());
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer === undefined) throw new Error("no answer prepared");
    return answer(departure);
  }

  async warmUp(): Promise<void> {}
  async close(): Promise<void> {}
}

/** A ledger that grants what is not prepared otherwise. */
class FakeLedger implements Ledger {
  readonly answered = vi.fn<(permitId: string, latencyMs: number) => void>();
  readonly unused = vi.fn<(permitId: string) => void>();
  readonly lift = vi.fn<() => void>();
  readonly signal = vi.fn<(permitId: string, signal: Signal, sinceMs: number) => Promise<Hold | undefined>>(
    async () => undefined,
  );
  readonly asked: string[] = [];
  readonly #replies: PermitReply[] = [];
  #grants = 0;

  replyWith(...replies: PermitReply[]): void {
    this.#replies.push(...replies);
  }

  grant({ isFresh = true, isProbe = false } = {}): PermitReply {
    this.#grants += 1;
    const permit = { id: `permit-${this.#grants}`, startsInMs: () => 0, isFresh: () => isFresh };
    return { kind: "granted", permit, startInMs: 0, isProbe, further: [] };
  }

  async permit(call: number, callLimit: number, _most: number, signal: AbortSignal): Promise<PermitReply> {
    signal.throwIfAborted();
    this.asked.push(`${call} of ${callLimit}`);
    return this.#replies.shift() ?? this.grant();
  }
}

/** A journal that records everything in order, and answers with what is prepared. */
class FakeRecord implements CallRecord {
  readonly written: string[] = [];
  readonly #replies: SentReply[] = [];

  replyWith(...replies: SentReply[]): void {
    this.#replies.push(...replies);
  }

  async sent(...[, call, , nextCallInMs]: Parameters<CallRecord["sent"]>): Promise<SentReply> {
    this.written.push(`sent ${call}, next in ${nextCallInMs}`);
    return this.#replies.shift() ?? { kind: "recorded" };
  }

  async unsent(_: Claim, call: number): Promise<void> {
    this.written.push(`unsent ${call}`);
  }
}

const CLAIM = sampleClaim({ firstTakenUpAtMs: 1_795_392_000_000 });

const URGENCY = { priority: 5, patienceMs: 60_000, leavesWhenHeld: true };
/** The stay that is left when a delivery begins to be scored. */
const IN_HAND_MS = 230_000;

let gateway: FakeGateway;
let ledger: FakeLedger;
let record: FakeRecord;
let client: RiskClient;
let stop: AbortController;
const events = {
  onCall: vi.fn(),
  onPermit: vi.fn(),
  onHeld: vi.fn(),
  onReleased: vi.fn(),
  onLimited: vi.fn(),
  onStale: vi.fn(),
};

const openClient = (changes: Partial<RiskClientOptions> = {}) =>
  new RiskClient({
    gateway,
    ledger,
    record,
    retryPolicy: { retryLimit: 3, initialDelayMs: 2 },
    worthOf: () => 0,
    whenBudgetIsSpent: "hold",
    timeoutMs: 3_000,
    events,
    ...changes,
  });

beforeEach(() => {
  gateway = new FakeGateway();
  ledger = new FakeLedger();
  record = new FakeRecord();
  stop = new AbortController();
  client = openClient();
});

afterEach(() => {
  if (client.inFlight + client.waiting > 0) throw new Error("somebody was left behind");
  client.close();
  vi.useRealTimers();
  vi.clearAllMocks();
});

const score = (claim: Partial<Claim> = {}, urgency = URGENCY, changes: Record<string, unknown> = {}) =>
  client.score(
    sampleTransaction(changes),
    { ...CLAIM, ...claim },
    { ...urgency, waitsUntilMs: performance.now() + urgency.patienceMs },
    { signal: stop.signal, untilMs: performance.now() + IN_HAND_MS },
  );

const evidence = (of: Extract<Scoring, { kind: "evidence" }>["evidence"], calls: number): Scoring => ({
  kind: "evidence",
  evidence: of,
  calls,
});
const scoredAfter = (calls: number) => evidence({ kind: "scored", score: SCORE, source: "alipay" }, calls);
const failedAfter = (failure: Failure, calls: number) => evidence({ kind: "failed", failure }, calls);
const interruptedAfter = (calls: number) => evidence({ kind: "interrupted" }, calls);

describe("a call that is answered", () => {
  beforeEach(() => {
    gateway.answerWith(scored);
  });

  it("gives the score", async () => {
    expect(await score()).toEqual(scoredAfter(1));
  });

  it("is recorded before it leaves", async () => {
    gateway.answerWith(() => {
      expect(record.written).toEqual(["sent 1, next in 2"]);
      return scored;
    });
    await score();
    expect(gateway.calls).toBe(1);
  });

  it("asks for the permit of that very call", async () => {
    await score({ calls: 2 });
    expect(ledger.asked).toEqual(["3 of 4"]);
  });

  it("tells the ledger how long that took, and nothing else", async () => {
    gateway.answerWith({ ...scored, latencyMs: 30 });
    await score();
    expect(ledger.answered.mock.calls).toEqual([["permit-1", 30]]);
    for (const other of [ledger.unused, ledger.signal, ledger.lift]) expect(other).not.toHaveBeenCalled();
  });

  it("is told as an event", async () => {
    await score();
    expect(events.onCall.mock.calls).toEqual([[{ code: "10000", latencyMs: 80 }]]);
    expect(events.onPermit).toHaveBeenCalledOnce();
  });

  it("lifts the hold that it probed", async () => {
    ledger.replyWith(ledger.grant({ isProbe: true }));
    await score();
    expect(ledger.lift).toHaveBeenCalledOnce();
  });
});

describe("retries", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 0 });
    client.close();
    client = openClient({ retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 } });
  });

  it("come after 5, 10 and 20 seconds, and then no more", async () => {
    gateway.answerWith(failed(RETRYABLE));
    const scoring = score();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await scoring).toEqual(failedAfter(RETRYABLE, 4));
    expect(gateway.departures.map((ms) => Math.round(ms / 1_000))).toEqual([0, 5, 15, 35]);
  });

  it("end with the first answer", async () => {
    gateway.answerWith(failed(RETRYABLE), failed(QUOTA), scored);
    const scoring = score();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await scoring).toEqual(scoredAfter(3));
    expect(gateway.calls).toBe(3);
  });

  it("go on after a crash with the calls and the delays that are left", async () => {
    gateway.answerWith(failed(RETRYABLE));
    const scoring = score({ calls: 2 });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await scoring).toEqual(failedAfter(RETRYABLE, 4));
    expect(gateway.departures.map((ms) => Math.round(ms / 1_000))).toEqual([0, 20]);
    expect(record.written).toEqual(["sent 3, next in 20000", "sent 4, next in 40000"]);
  });

  it("hold no place among the calls in flight while they wait", async () => {
    gateway.answerWith(failed(RETRYABLE));
    const scoring = score();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([gateway.calls, client.inFlight, client.waiting]).toEqual([1, 0, 0]);
    await vi.advanceTimersByTimeAsync(600_000);
    await scoring;
  });
});

describe("a pause that does not fit into the delivery's stay", () => {
  beforeEach(() => {
    client.close();
    client = openClient({ retryPolicy: { retryLimit: 3, initialDelayMs: 100 } });
    gateway.answerWith(failed(RETRYABLE));
  });

  const heldAfter = (calls: number) => evidence({ kind: "held", cause: "retry" }, calls);
  const timed = async (scoring: Promise<Scoring>): Promise<[Scoring, number]> => {
    const startedAt = performance.now();
    return [await scoring, performance.now() - startedAt];
  };

  it.each([
    { title: "after a call", claim: {}, made: 1 },
    { title: "after somebody else's call", claim: { calls: 1, nextCallInMs: 60_000 }, made: 0 },
  ])("$title sends a delivery from a lane away at once", async ({ claim, made }) => {
    const [scoring, ms] = await timed(score(claim, { ...URGENCY, patienceMs: 90 }));
    expect(scoring).toEqual(heldAfter(1));
    expect(ms).toBeLessThan(80);
    expect(gateway.calls).toBe(made);
  });

  it("keeps a waiting one for as long as it may stay: it would come straight back", async () => {
    const [scoring, ms] = await timed(score({}, { ...URGENCY, patienceMs: 250, leavesWhenHeld: false }));
    expect(scoring).toEqual(heldAfter(2)); // the third call is due after 100 + 200 ms
    expect(ms).toBeGreaterThanOrEqual(249);
    expect(ms).toBeLessThan(1_000);
  });

  it("gives a waiting one back at a shutdown", async () => {
    const scoring = score(
      { calls: 3, nextCallInMs: 235_000 },
      { ...URGENCY, patienceMs: IN_HAND_MS, leavesWhenHeld: false },
    );
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(3));
  });
});

it("waits out the delay that the journal tells before its first call", async () => {
  gateway.answerWith(scored);
  const startedAt = performance.now();
  expect(await score({ calls: 1, nextCallInMs: 60 })).toEqual(scoredAfter(2));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
});

it.each([4, 5])("makes no call where %i are made", async (calls) => {
  expect(await score({ calls })).toEqual(evidence({ kind: "calls-used-up" }, calls));
  expect([record.written, ledger.asked]).toEqual([[], []]);
});

const anyFailure = fc.constantFrom(RETRYABLE, QUOTA, BANNED, PERMISSION, PERMANENT, UNKNOWN);

it("makes as many calls as it tells, and never more than four in all, whatever the gateway does", async () => {
  const anyAnswer = fc.oneof(
    { weight: 6, arbitrary: anyFailure.map((failure) => failed(failure)) },
    { weight: 1, arbitrary: fc.constant(scored) },
    { weight: 1, arbitrary: fc.constant(notSent("withdrawn")) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAnswer, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 5 }),
      async (answers, calls) => {
        gateway = new FakeGateway();
        client.close();
        client = openClient({ retryPolicy: { retryLimit: 3, initialDelayMs: 0 } });
        let left = 0;
        gateway.answerWith(
          ...[...answers, scored].map((answer) => () => {
            if (answer.kind !== "not-sent") left += 1;
            return answer;
          }),
        );
        const scoring = await score({ calls });
        expect(scoring).toMatchObject({ kind: "evidence", calls: calls + left });
        expect(calls + left).toBeLessThanOrEqual(Math.max(calls, 4));
      },
    ),
    { numRuns: 60 },
  );
});

describe("a call that fails", () => {
  it.each([
    { title: "for good", failure: PERMANENT },
    { title: "with an unknown code", failure: UNKNOWN },
    { title: "for want of permission", failure: PERMISSION },
    { title: "by a ban", failure: BANNED },
    { title: "by our clock", failure: SKEW },
  ])("$title is not made again", async ({ failure }) => {
    gateway.answerWith(failed(failure));
    expect(await score()).toEqual(failedAfter(failure, 1));
    expect(gateway.calls).toBe(1);
    expect(events.onCall.mock.calls).toEqual([[{ code: failure.code, latencyMs: 80 }]]);
  });

  it.each([
    { failure: QUOTA, signals: true },
    { failure: BANNED, signals: true },
    { failure: PERMISSION, signals: true },
    { failure: RETRYABLE, signals: false },
    { failure: SKEW, signals: false },
    { failure: PERMANENT, signals: false },
    { failure: UNKNOWN, signals: false },
  ])("with $failure.kind is told to the other replicas: $signals", async ({ failure, signals }) => {
    gateway.answerWith(failed(failure), scored);
    await score();
    expect(ledger.signal.mock.calls.map(([id, signal]) => [id, signal])).toEqual(
      signals ? [["permit-1", failure]] : [],
    );
    // A limit answer is told as one, and as nothing else.
    expect(ledger.answered.mock.calls[0]?.[0]).toBe(failure.kind === "quota" ? "permit-2" : "permit-1");
  });

  it.each([
    { failure: PERMANENT, lifts: true },
    { failure: RETRYABLE, lifts: false },
    { failure: QUOTA, lifts: false },
    { failure: BANNED, lifts: false },
    { failure: PERMISSION, lifts: false },
    { failure: SKEW, lifts: false },
  ])("as a probe with $failure.kind lifts the hold: $lifts", async ({ failure, lifts }) => {
    client.close();
    client = openClient({ retryPolicy: { retryLimit: 0, initialDelayMs: 0 } });
    ledger.replyWith(ledger.grant({ isProbe: true }));
    gateway.answerWith(failed(failure));
    await score();
    expect(ledger.lift).toHaveBeenCalledTimes(lifts ? 1 : 0);
  });

  it("and is no probe lifts nothing", async () => {
    gateway.answerWith(failed(PERMANENT));
    await score();
    expect(ledger.lift).not.toHaveBeenCalled();
  });

  it("without an answer counts until its deadline", async () => {
    gateway.answerWith(failed(RETRYABLE, { isAnswered: false }), scored);
    await score();
    expect(ledger.answered.mock.calls.map(([id]) => id)).toEqual(["permit-2"]);
  });

  it("by our clock holds this replica", async () => {
    gateway.answerWith(failed(SKEW));
    await score();
    expect(await score({}, { ...URGENCY, patienceMs: 30_000 })).toEqual(
      evidence({ kind: "held", cause: "clock-skew" }, 0),
    );
    expect(gateway.calls).toBe(1);
  });
});

describe("an unknown code", () => {
  const unknownFor = (transactionId: string) => score({ transactionId }, URGENCY, { transactionId });
  const asPermission = { kind: "permission", code: "49999" };

  it("that five transactions meet in a row is taken for a fault of ours", async () => {
    gateway.answerWith(failed(UNKNOWN));
    for (const id of ["T1", "T2", "T3", "T4"]) expect(await unknownFor(id)).toEqual(failedAfter(UNKNOWN, 1));
    expect(ledger.signal).not.toHaveBeenCalled();
    expect(await unknownFor("T5")).toMatchObject({ evidence: { kind: "failed", failure: asPermission } });
    expect(ledger.signal.mock.calls.map(([, signal]) => signal)).toEqual([
      expect.objectContaining(asPermission),
    ]);
  });

  it.each([
    { title: "a score", between: scored },
    { title: "a refusal for good", between: failed(PERMANENT) },
  ])("is the transaction's own where $title came between", async ({ between }) => {
    gateway.answerWith(failed(UNKNOWN));
    for (const id of ["T1", "T2", "T3", "T4"]) await unknownFor(id);
    gateway.answerWith(between);
    await unknownFor("T5");
    gateway.answerWith(failed(UNKNOWN));
    expect(await unknownFor("T6")).toEqual(failedAfter(UNKNOWN, 1));
    expect(ledger.signal).not.toHaveBeenCalled();
  });

  it("that answers a probe does not lift the hold: it may be what the hold is for", async () => {
    ledger.replyWith(ledger.grant({ isProbe: true }));
    gateway.answerWith(failed(UNKNOWN));
    await score();
    expect(ledger.lift).not.toHaveBeenCalled();
  });
});

describe("a call that never left", () => {
  it("for a stale permit is taken back, and made with another one", async () => {
    ledger.replyWith(ledger.grant({ isFresh: false }), ledger.grant({ isFresh: false }));
    gateway.answerWith(scored);
    expect(await score()).toEqual(scoredAfter(1));
    expect(gateway.calls).toBe(1);
    expect(record.written).toEqual([
      "sent 1, next in 2",
      "unsent 1",
      "sent 1, next in 2",
      "unsent 1",
      "sent 1, next in 2",
    ]);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"], ["permit-2"]]);
    expect(ledger.answered.mock.calls.map(([id]) => id)).toEqual(["permit-3"]);
    expect(events.onStale).toHaveBeenCalledTimes(2);
  });

  it("because a limit answer came meanwhile is made with another permit", async () => {
    record.replyWith({ kind: "withdrawn" });
    gateway.answerWith(scored);
    expect(await score()).toEqual(scoredAfter(1));
    expect(gateway.calls).toBe(1);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
    expect(events.onStale).not.toHaveBeenCalled();
  });

  it("lets another one probe at once, where it was to probe itself", async () => {
    ledger.replyWith(ledger.grant(), ledger.grant({ isFresh: false }));
    gateway.answerWith(notSent("unreachable"), scored);
    // Less than a probe may take.
    expect(await score({}, { ...URGENCY, patienceMs: 3_000 })).toEqual(scoredAfter(1));
  });

  it("for want of a connection is over with any answer, though it brings no score", async () => {
    gateway.answerWith(notSent("unreachable"), failed(RETRYABLE), scored);
    expect(await score({}, { ...URGENCY, patienceMs: 3_000 })).toEqual(scoredAfter(2));
    expect(events.onReleased.mock.calls).toEqual([["unreachable"]]);
  });

  it("because it could not be recorded gives its permit back", async () => {
    vi.spyOn(record, "sent").mockRejectedValueOnce(new Error("away"));
    await expect(score()).rejects.toThrow("away");
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
  });

  it("for want of a connection holds this replica for a second", async () => {
    gateway.answerWith(notSent("unreachable"), scored);
    const startedAt = performance.now();
    expect(await score()).toEqual(scoredAfter(1));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(999);
    expect(record.written).toEqual(["sent 1, next in 2", "unsent 1", "sent 1, next in 2"]);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
    expect(ledger.signal).not.toHaveBeenCalled();
  });

  it("for want of a connection holds calls no longer once one was answered, without a next one", async () => {
    gateway.answerWith(notSent("unreachable"), scored);
    expect(await score()).toEqual(scoredAfter(1));
    expect(events.onHeld.mock.calls).toMatchObject([[{ kind: "unreachable" }]]);
    expect(events.onReleased.mock.calls).toEqual([["unreachable"]]);
  });

  it("for want of budget holds calls no longer once one was paid for, without a next one", async () => {
    record.replyWith({ kind: "unaffordable", period: "day", remainingMs: 100 });
    gateway.answerWith(failed(PERMANENT));
    expect(await score()).toEqual(failedAfter(PERMANENT, 1));
    expect(events.onHeld.mock.calls).toMatchObject([[{ kind: "budget" }]]);
    expect(events.onReleased.mock.calls).toEqual([["budget"]]);
  });

  it("for want of a connection counts once where many fail together", async () => {
    const allAsked = Promise.withResolvers<void>();
    let asked = 0;
    gateway.answerWith(async () => {
      asked += 1;
      if (asked === 5) allAsked.resolve();
      if (asked <= 5) await allAsked.promise;
      return asked <= 5 ? notSent("unreachable") : scored;
    });
    const patience = { ...URGENCY, patienceMs: 2_000 };
    const scorings = await Promise.all(Array.from({ length: 5 }, () => score({}, patience)));
    // The hold of a second is shorter than their patience; one that was doubled four times is not.
    expect(scorings.map((scoring) => scoring.kind === "evidence" && scoring.evidence.kind)).toEqual(
      Array.from({ length: 5 }, () => "scored"),
    );
  });

  it("again and again does not stay in hand for longer than its patience", async () => {
    const stale = () => [
      { kind: "wait", waitMs: 60, spreadMs: 0 } as const,
      ledger.grant({ isFresh: false }),
    ];
    ledger.replyWith(...Array.from({ length: 20 }, stale).flat());
    gateway.answerWith(scored);
    expect(await score({}, { ...URGENCY, patienceMs: 300 })).toEqual(
      evidence({ kind: "held", cause: "quota" }, 0),
    );
  });

  it.each([
    { kind: "withdrawn" } as const,
    { kind: "unaffordable", period: "day", remainingMs: 100 } as const,
  ])("because it is $kind is taken back: it may be on record since a reply was lost", async (reply) => {
    record.replyWith(reply);
    gateway.answerWith(scored);
    expect(await score()).toEqual(scoredAfter(1));
    expect(record.written).toEqual(["sent 1, next in 2", "unsent 1", "sent 1, next in 2"]);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
  });

  it("because recording it failed is taken back: only the reply may be missing", async () => {
    vi.spyOn(record, "sent").mockRejectedValue(new Error("no answer"));
    await expect(score()).rejects.toThrow("no answer");
    expect(record.written).toEqual(["unsent 1"]);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
  });

  it("because of an abort is taken back", async () => {
    gateway.answerWith(() => {
      stop.abort();
      return notSent("aborted");
    });
    expect(await score()).toEqual(interruptedAfter(0));
    expect(record.written).toEqual(["sent 1, next in 2", "unsent 1"]);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
  });
});

describe("a call that may not be made", () => {
  const outcome: Outcome = {
    kind: "dead-letter",
    deadLetter: {
      reason: "rejected",
      detail: "amount",
      attempts: 1,
      replays: 0,
      failedAt: "2026-11-23T08:00:00.412+08:00",
      worker: "w2",
    },
  };

  it("because somebody else's outcome is stored gives that outcome", async () => {
    record.replyWith({ kind: "settled", outcome });
    expect(await score()).toEqual({ kind: "settled", outcome });
    expect(gateway.calls).toBe(0);
    expect(ledger.unused.mock.calls).toEqual([["permit-1"]]);
  });

  it("because the claim was lost says how many were made", async () => {
    gateway.answerWith(failed(RETRYABLE));
    record.replyWith({ kind: "recorded" }, { kind: "recorded" }, { kind: "lost" });
    expect(await score({ calls: 1 })).toEqual({ kind: "lost", calls: 3 });
    expect(gateway.calls).toBe(2);
    expect(ledger.unused.mock.calls).toEqual([["permit-3"]]);
  });

  it("because of a hold says of which", async () => {
    const hold = { kind: "banned", cause: "40006", remainingMs: 86_400_000 } as const;
    ledger.replyWith({ kind: "held", hold });
    expect(await score()).toEqual(evidence({ kind: "held", cause: "banned" }, 0));
    expect(record.written).toEqual([]);
    expect(events.onHeld.mock.calls).toEqual([[hold]]);
  });

  it("because no permit came in time counts the calls made", async () => {
    gateway.answerWith(failed(RETRYABLE));
    ledger.replyWith(ledger.grant(), { kind: "wait", waitMs: 600_000, spreadMs: 0 });
    expect(await score({}, { ...URGENCY, patienceMs: 30 })).toEqual(
      evidence({ kind: "held", cause: "quota" }, 1),
    );
  });

  it("yet is made later", async () => {
    gateway.answerWith(scored);
    ledger.replyWith({ kind: "later", waitMs: 1 }, { kind: "later", waitMs: 1 });
    expect(await score()).toEqual(scoredAfter(1));
    expect(ledger.asked).toHaveLength(3);
  });

  it("before its patience ends is given up then", async () => {
    gateway.answerWith(scored);
    ledger.replyWith(...Array.from({ length: 50 }, () => ({ kind: "later", waitMs: 600_000 }) as const));
    const startedAt = performance.now();
    expect(await score({}, { ...URGENCY, patienceMs: 100 })).toMatchObject({ evidence: { kind: "held" } });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("an abort", () => {
  it("before the first call's time gives the delivery back at once", async () => {
    const scoring = score({ calls: 1, nextCallInMs: 30_000 });
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(1));
  });

  it("while a permit is waited for", async () => {
    ledger.replyWith({ kind: "wait", waitMs: 50_000, spreadMs: 0 });
    const scoring = score();
    await vi.waitFor(() => expect(ledger.asked).toHaveLength(1));
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(0));
    expect(record.written).toEqual([]);
  });

  it("while its turn is later", async () => {
    ledger.replyWith({ kind: "later", waitMs: 50_000 });
    const scoring = score();
    await vi.waitFor(() => expect(ledger.asked).toHaveLength(1));
    await vi.waitFor(() => expect(client.waiting).toBe(0));
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(0));
  });

  it("while the journal cannot be written", async () => {
    const sent = vi.spyOn(record, "sent").mockImplementation(
      (...[, , , , hand]: Parameters<CallRecord["sent"]>) =>
        new Promise((_resolve, reject) => {
          hand.signal.addEventListener("abort", () => reject(hand.signal.reason));
        }),
    );
    const scoring = score();
    await vi.waitFor(() => expect(sent).toHaveBeenCalled());
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(0));
    expect(gateway.calls).toBe(0);
  });

  it("while a retry waits for its time gives the delivery back at once", async () => {
    client.close();
    client = openClient({ retryPolicy: { retryLimit: 3, initialDelayMs: 60_000 } });
    gateway.answerWith(failed(RETRYABLE));
    const scoring = score({}, { ...URGENCY, patienceMs: IN_HAND_MS });
    await vi.waitFor(() => expect(events.onCall).toHaveBeenCalledOnce());
    stop.abort();
    expect(await scoring).toEqual(interruptedAfter(1));
  });

  it("during a call that is then answered keeps the answer: it was paid for", async () => {
    gateway.answerWith(() => {
      stop.abort();
      return scored;
    });
    expect(await score()).toEqual(scoredAfter(1));
  });

  it.each([
    { title: "for good stays final", failure: PERMANENT, calls: 0 },
    { title: "for the fourth time stays final", failure: RETRYABLE, calls: 3 },
    { title: "by a ban stays what it was", failure: BANNED, calls: 0 },
  ])("during a call that then fails $title", async ({ failure, calls }) => {
    gateway.answerWith(() => {
      stop.abort();
      return failed(failure);
    });
    expect(await score({ calls })).toEqual(failedAfter(failure, calls + 1));
  });

  it("during a call that may be made again gives it back, and tells that it was made", async () => {
    gateway.answerWith(() => {
      stop.abort();
      return failed(RETRYABLE);
    });
    expect(await score()).toEqual(interruptedAfter(1));
    expect(gateway.calls).toBe(1);
  });

  it("before anything began makes no call", async () => {
    stop.abort();
    expect(await score()).toEqual(interruptedAfter(0));
    expect(gateway.calls).toBe(0);
  });

  it("while a signal cannot be told yet waits until it was", async () => {
    const told = Promise.withResolvers<undefined>();
    ledger.signal.mockReturnValue(told.promise);
    gateway.answerWith(failed(BANNED));
    const scoring = score();
    await vi.waitFor(() => expect(ledger.signal).toHaveBeenCalled());
    stop.abort();
    await expect(Promise.race([scoring, setImmediate("it waits")])).resolves.toBe("it waits");
    told.resolve(undefined);
    expect(await scoring).toMatchObject({ kind: "evidence", calls: 1 });
  });
});

it("throws what nobody foresaw, and leaves its place", async () => {
  gateway.answerWith(() => Promise.reject(new Error("broken")));
  await expect(score()).rejects.toThrow("broken");
});
