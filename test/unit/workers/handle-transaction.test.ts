import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Claim, ClaimReply, History, StoreReply } from "../../../shared/domain/claim.ts";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import type { Evidence } from "../../../shared/domain/evidence.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import type { Scoring } from "../../../shared/domain/scoring.ts";
import type { SuspectStage } from "../../../shared/domain/suspect.ts";
import { claimInTurn } from "../../../workers/risk-detection/claim-in-turn.ts";
import { Afterwork } from "../../../workers/risk-detection/afterwork.ts";
import { createHandler, type HandlerOptions } from "../../../workers/risk-detection/handle-transaction.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleBody, sampleTransaction } from "../../support/sample-transaction.ts";

const NOW_MS = Date.parse("2026-11-23T00:00:00.412Z");
const NOW = "2026-11-23T08:00:00.412+08:00";
const ID = "T202611230000001";
const AMOUNT = { value: "128.50", currency: "CNY", minorUnits: 12_850 };
const SCORE = { riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: "21a3" };
/** The same as it is kept: with nothing of the payment, where no rule compares it. */
const KEPT = { ...SCORE, payment: {} };

const CLAIM = sampleClaim({ firstTakenUpAtMs: 1_795_392_000_000, nowMs: NOW_MS });

const DEAD_LETTER: Outcome = {
  kind: "dead-letter",
  deadLetter: {
    reason: "rejected",
    detail: "amount",
    attempts: 2,
    replays: 0,
    failedAt: "2026-11-22T08:00:00.000+08:00",
    worker: "w2",
  },
};

const RESULT: Outcome = {
  kind: "result",
  result: sampleResult({ verdict: "decline", riskScore: 0.9, decidedAt: "2026-11-22T08:00:00.000+08:00" }),
};

const claimed = (changes: Partial<Claim> = {}): ClaimReply => ({
  kind: "claimed",
  claim: { ...CLAIM, ...changes },
});

const delivery = (
  changes: Partial<Delivery> = {},
  body: Readonly<Record<string, unknown>> = {},
): Delivery => ({
  body: Buffer.from(JSON.stringify(sampleBody(body))),
  lane: "standard",
  originalLane: "standard",
  deliveryCount: 0,
  calls: 0,
  replays: undefined,
  correlationId: undefined,
  ...changes,
});

type Journal = HandlerOptions["journal"];

const journal = {
  newToken: vi.fn<Journal["newToken"]>(),
  claim: vi.fn<Parameters<typeof claimInTurn>[0]>(),
  store: vi.fn<Journal["store"]>(),
  release: vi.fn<Journal["release"]>(),
  putOff: vi.fn<Journal["putOff"]>(),
};
const score = vi.fn<HandlerOptions["score"]>();
const remind = vi.fn<HandlerOptions["remind"]>();

/** The hand that a delivery is in. */
const HAND = { signal: expect.any(AbortSignal), untilMs: expect.any(Number) };

let stop: AbortController;

beforeEach(() => {
  vi.restoreAllMocks();
  vi.resetAllMocks();
  stop = new AbortController();
  journal.newToken.mockReturnValueOnce("t").mockReturnValue("another token");
  journal.claim.mockResolvedValue(claimed());
  journal.store.mockImplementation(async (_, outcome) => ({ kind: "stored", outcome }));
  journal.release.mockResolvedValue();
  journal.putOff.mockResolvedValue();
  score.mockResolvedValue({
    kind: "evidence",
    evidence: { kind: "scored", score: SCORE, source: "alipay" },
    calls: 1,
  });
});

const handle = (of = delivery(), changes: Partial<HandlerOptions> = {}) =>
  createHandler({
    journal,
    claim: claimInTurn(journal.claim),
    score,
    pass: async (_stage, _delivery, _hand, work) => ({ kind: "passed", value: work() }),
    afterwards: () => undefined,
    remind,
    scoringPolicy: samplePolicy(),
    upgradesLate: false,
    circumstances: {
      worker: "w1",
      verdictLimits: { reviewAt: 0.5, declineAt: 0.8 },
      fallbackVerdict: "review",
      whenBudgetIsSpent: "hold",
      retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 },
      callPrice: 200,
    },
    now: () => NOW_MS,
    ...changes,
  })(of, stop.signal);

const gathers = (evidence: Evidence, calls = 0): void => {
  score.mockResolvedValue({ kind: "evidence", evidence, calls });
};

/** What an answer of this replica's own becomes. */
const COMPLETED = {
  action: "complete",
  result: {
    transactionId: ID,
    verdict: "review",
    riskScore: 0.62,
    source: "alipay",
    attempts: 1,
    decidedAt: NOW,
  },
  rail: "alipay",
  merchantId: "store-17",
};

describe("a good transaction", () => {
  it("is claimed, scored, stored, and then completed", async () => {
    expect(await handle()).toMatchObject(COMPLETED);
    expect(journal.claim.mock.calls).toEqual([
      [sampleTransaction(), "t", { calls: 0, replays: 0, replay: "none" }, HAND],
    ]);
    expect(score).toHaveBeenCalledOnce();
    expect(journal.store.mock.calls).toEqual([
      [CLAIM, { kind: "result", result: expect.objectContaining(COMPLETED.result) }, 1, KEPT, Infinity],
    ]);
    expect(journal.release).not.toHaveBeenCalled();
  });

  it("publishes what the journal stored, not what was found here", async () => {
    journal.store.mockResolvedValue({ kind: "stored", outcome: RESULT });
    expect(await handle()).toMatchObject({ action: "complete", result: RESULT.result });
  });

  it("that nobody paid for is stored only for as long as the delivery may be in hand", async () => {
    journal.claim.mockResolvedValue(claimed({ calls: 4 }));
    gathers({ kind: "calls-used-up" }, 4);
    const startedAt = performance.now();
    await handle();
    expect((journal.store.mock.calls[0]?.[4] ?? NaN) - startedAt).toBeLessThan(231_000);
  });

  it("publishes nothing where nothing could be stored", async () => {
    journal.store.mockRejectedValue(new Error("Redis is away"));
    await expect(handle()).rejects.toThrow("Redis is away");
  });

  it("says no merchant where there is none", async () => {
    expect(await handle(delivery({}, { merchantId: undefined }))).toMatchObject({ merchantId: undefined });
  });

  it("whose id stands for other content by now is a conflict", async () => {
    journal.store.mockResolvedValue({ kind: "conflict", calls: 2 });
    expect(await handle()).toMatchObject({
      action: "dead-letter",
      deadLetter: { reason: "conflict", attempts: 2 },
    });
  });

  it("is told with all the calls that the journal knows of", async () => {
    const recount: StoreReply = { kind: "recount", calls: 3 };
    journal.store.mockResolvedValueOnce(recount);
    expect(await handle()).toMatchObject({ result: { attempts: 3, cost: { value: "0.06" } } });
    expect(journal.store.mock.calls.map(([, , calls]) => calls)).toEqual([1, 3]);
  });
});

describe("what needs no call", () => {
  it.each([
    {
      title: "a stored score",
      claim: { score: SCORE },
      body: {},
      expected: { action: "complete", result: { source: "cache", riskScore: 0.62, attempts: 0 } },
    },
    {
      title: "a small amount",
      claim: {},
      body: {},
      expected: { action: "complete", result: { source: "below-threshold", riskScore: null } },
    },
    {
      title: "another rail",
      claim: {},
      body: { rail: "wechat" },
      expected: { action: "dead-letter", deadLetter: { reason: "unsupported-rail" }, transactionId: ID },
    },
    {
      title: "a deadline that is past",
      claim: { firstTakenUpAtMs: NOW_MS + 10_000 },
      body: { decideBy: "2026-11-23T08:00:02+08:00" },
      expected: { action: "dead-letter", deadLetter: { reason: "expired" }, transactionId: ID },
    },
  ])("$title is stored and told without one", async ({ claim, body, expected }) => {
    journal.claim.mockResolvedValue(claimed(claim));
    const scoringPolicy = samplePolicy({ scoreAbove: 20_000 });
    expect(await handle(delivery({}, body), { scoringPolicy })).toMatchObject(expected);
    expect(score).not.toHaveBeenCalled();
    expect(journal.store).toHaveBeenCalledOnce();
    expect(journal.store.mock.calls[0]?.[3]).toBeUndefined(); // a used score is no new one
  });

  it("tells the calls that were made before", async () => {
    journal.claim.mockResolvedValue(claimed({ calls: 2, score: SCORE }));
    const scoringPolicy = samplePolicy({ scoreAbove: 20_000 });
    expect(await handle(delivery(), { scoringPolicy })).toMatchObject({ result: { attempts: 2 } });
  });
});

describe("a known transaction", () => {
  it.each([
    { title: "result", outcome: RESULT, expected: { action: "complete", result: RESULT.result } },
    {
      title: "dead letter",
      outcome: DEAD_LETTER,
      expected: { action: "dead-letter", deadLetter: DEAD_LETTER.deadLetter, transactionId: ID },
    },
  ])("that has a $title is told it again, unchanged", async ({ outcome, expected }) => {
    journal.claim.mockResolvedValue({ kind: "settled", outcome });
    expect(await handle()).toMatchObject(expected);
    expect(score).not.toHaveBeenCalled();
    expect(journal.store).not.toHaveBeenCalled();
  });

  it("whose outcome somebody else stores meanwhile is told that one", async () => {
    score.mockResolvedValue({ kind: "settled", outcome: RESULT });
    expect(await handle()).toMatchObject({ action: "complete", result: RESULT.result });
    expect(journal.store).not.toHaveBeenCalled();
  });

  it("with other content is a conflict, which is not stored", async () => {
    journal.claim.mockResolvedValue({ kind: "conflict", calls: 2 });
    expect(await handle()).toEqual({
      action: "dead-letter",
      deadLetter: {
        reason: "conflict",
        detail: "transactionId: already used by a transaction with other content",
        attempts: 2,
        replays: 0,
        failedAt: NOW,
        worker: "w1",
      },
      transactionId: ID,
    });
    expect(journal.store).not.toHaveBeenCalled();
  });

  it("with other content is a conflict that tells of this replay, too", async () => {
    journal.claim.mockResolvedValue({ kind: "conflict", calls: 2 });
    const replayed = delivery({ lane: "replay", originalLane: "replay", replays: 1 });
    expect(await handle(replayed)).toMatchObject({ deadLetter: { reason: "conflict", replays: 2 } });
  });

  it("that somebody else works on is waited for until they have an outcome", async () => {
    journal.claim
      .mockResolvedValueOnce({ kind: "leased", remainingMs: 10_000, known: CLAIM })
      .mockResolvedValueOnce({ kind: "leased", remainingMs: 9_000, known: CLAIM })
      .mockResolvedValueOnce({ kind: "settled", outcome: RESULT });
    expect(await handle()).toMatchObject({ action: "complete", result: RESULT.result });
    expect(score).not.toHaveBeenCalled();
  });

  it("that somebody else works on for longer than this delivery may wait goes on waiting", async () => {
    vi.spyOn(performance, "now").mockReturnValueOnce(-60_000); // when it was taken
    journal.claim.mockResolvedValue({ kind: "leased", remainingMs: 9_000, known: { ...CLAIM, calls: 2 } });
    expect(await handle()).toEqual({
      action: "wait",
      cause: "leased",
      calls: 2,
      transactionId: ID,
      amount: AMOUNT,
    });
    expect(score).not.toHaveBeenCalled();
  });

  it("that somebody else works on for longer than the payer waits is answered all the same", async () => {
    const known = { ...CLAIM, token: "mine", calls: 1, nowMs: Date.parse("2026-11-23T00:00:01.780Z") };
    const later = { ...known, nowMs: Date.parse("2026-11-23T00:00:01.800Z") };
    journal.claim
      .mockResolvedValueOnce({ kind: "leased", remainingMs: 9_000, known })
      .mockResolvedValueOnce({ kind: "leased", remainingMs: 8_980, known: later });
    journal.store.mockResolvedValueOnce({ kind: "recount", calls: 2 });
    expect(await handle(delivery({}, { decideBy: "2026-11-23T08:00:02+08:00" }))).toMatchObject({
      action: "complete",
      result: { source: "fallback", verdict: "review", riskScore: null, attempts: 2 },
    });
    expect(journal.claim).toHaveBeenCalledTimes(2);
    expect(journal.store.mock.calls.map(([claim]) => claim)).toEqual([later, later]);
  });

  it("that somebody else has just found expired is expired here, too", async () => {
    const nowMs = Date.parse("2026-11-23T00:00:05Z");
    const known = { ...CLAIM, firstTakenUpAtMs: nowMs, nowMs };
    journal.claim.mockResolvedValue({ kind: "leased", remainingMs: 10_000, known });
    expect(await handle(delivery({}, { decideBy: "2026-11-23T08:00:02+08:00" }))).toMatchObject({
      action: "dead-letter",
      deadLetter: { reason: "expired" },
    });
  });

  it("that somebody else works on is claimed with the calls that were seen: the journal may be lost meanwhile", async () => {
    const known = { ...CLAIM, calls: 2 };
    journal.claim.mockResolvedValueOnce({ kind: "leased", remainingMs: 5, known });
    await handle();
    expect(journal.claim.mock.calls.map(([, , history]) => history.calls)).toEqual([0, 2]);
  });

  it("whose payer is being scored follows that call, and is answered by its score", async () => {
    const following = { kind: "following", remainingMs: 10_000, known: CLAIM } as const;
    journal.claim
      .mockResolvedValueOnce(following)
      .mockResolvedValueOnce(following)
      .mockResolvedValueOnce(claimed({ score: KEPT }));
    const scoringPolicy = samplePolicy({ scoreAbove: 20_000, belowThreshold: "score" });
    expect(await handle(delivery(), { scoringPolicy })).toMatchObject({
      result: { source: "cache", attempts: 0 },
    });
    expect(score).not.toHaveBeenCalled();
  });

  it("whose payer is being scored for longer than this delivery may wait goes on waiting", async () => {
    vi.spyOn(performance, "now").mockReturnValueOnce(-60_000); // when it was taken
    journal.claim.mockResolvedValue({ kind: "following", remainingMs: 9_000, known: CLAIM });
    expect(await handle()).toMatchObject({ action: "wait", cause: "following" });
  });

  it("whose lease runs out is taken up at once", async () => {
    journal.claim.mockResolvedValueOnce({ kind: "leased", remainingMs: 5, known: CLAIM });
    const startedAt = performance.now();
    expect(await handle()).toMatchObject(COMPLETED);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe("a claim that was lost", () => {
  it("is made again under the same token, with the calls known here", async () => {
    const lost: Scoring = { kind: "lost", calls: 2 };
    score.mockResolvedValueOnce(lost);
    journal.claim.mockResolvedValueOnce(claimed()).mockResolvedValueOnce(claimed({ calls: 2 }));
    expect(await handle()).toMatchObject(COMPLETED);
    expect(journal.claim.mock.calls.map(([, token, history]) => [token, history.calls])).toEqual([
      ["t", 0],
      ["t", 2],
    ]);
    expect(score.mock.calls.map(([, claim]) => claim.calls)).toEqual([0, 2]);
  });

  it("is made again with a lease where a call is needed and it has none", async () => {
    journal.claim
      .mockResolvedValueOnce(claimed({ isLeased: false }))
      .mockResolvedValueOnce(claimed({ calls: 0 }));
    expect(await handle()).toMatchObject(COMPLETED);
    expect(journal.claim.mock.calls.map(([, , history]) => history.needsLease)).toEqual([undefined, true]);
    expect(score.mock.calls.map(([, claim]) => claim.isLeased)).toEqual([true]);
  });

  it("forgets no calls that the delivery told of", async () => {
    score.mockResolvedValueOnce({ kind: "lost", calls: 1 });
    await handle(delivery({ lane: "replay", originalLane: "replay", calls: 3, replays: 1 }));
    expect(journal.claim.mock.calls.map(([, , history]) => history.calls)).toEqual([3, 3]);
  });

  it("forgets no replay that the journal told of", async () => {
    score.mockResolvedValueOnce({ kind: "lost", calls: 0 });
    journal.claim.mockResolvedValueOnce(claimed({ replays: 2 }));
    await handle(delivery({ lane: "replay", originalLane: "replay", replays: 1 }));
    expect(journal.claim.mock.calls.map(([, , history]) => history.replays)).toEqual([1, 2]);
  });

  it("reopens nothing the second time", async () => {
    score.mockResolvedValueOnce({ kind: "lost", calls: 0 });
    await handle(delivery({ lane: "replay", originalLane: "replay", replays: 0 }));
    expect(journal.claim.mock.calls.map(([, , history]) => history.replay)).toEqual(["fresh", "none"]);
  });
});

describe("without an outcome", () => {
  it.each([
    {
      evidence: { kind: "held", cause: "quota" },
      expected: { action: "wait", cause: "quota", calls: 1, transactionId: ID, amount: AMOUNT },
    },
    {
      evidence: { kind: "held", cause: "banned" },
      expected: { action: "wait", cause: "banned", calls: 1, transactionId: ID, amount: AMOUNT },
    },
    {
      evidence: { kind: "failed", failure: { kind: "permission", code: "40006", detail: "none" } },
      expected: { action: "wait", cause: "permission", calls: 1, transactionId: ID, amount: AMOUNT },
    },
    {
      evidence: { kind: "interrupted" },
      expected: { action: "give-back", cause: "shutdown", transactionId: ID },
    },
  ] as const)("$expected.action after $evidence.kind, and the claim is released", async (row) => {
    gathers(row.evidence, 1);
    expect(await handle()).toEqual(row.expected);
    const { action } = row.expected;
    expect(journal.release.mock.calls).toEqual(action === "give-back" ? [[CLAIM]] : []);
    expect(journal.putOff.mock.calls).toEqual(action === "wait" ? [[CLAIM, AMOUNT]] : []);
    expect(journal.store).not.toHaveBeenCalled();
  });

  it("with a deadline is remembered before it goes to wait", async () => {
    gathers({ kind: "held", cause: "banned" }, 1);
    const body = { decideBy: "2026-11-23T08:10:00+08:00" };
    const atRelease = journal.putOff.mockImplementation(async () => {
      expect(remind).toHaveBeenCalledOnce();
    });
    await handle(delivery({ correlationId: "c-1" }, body));
    expect(atRelease).toHaveBeenCalledOnce();
    expect(remind.mock.calls).toEqual([
      [
        {
          transactionId: ID,
          rail: "alipay",
          merchantId: "store-17",
          metadata: { channel: "app" },
          dueMs: Date.parse("2026-11-23T08:09:59.800+08:00"),
          claim: { digest: "d", pseudonym: "p", replays: 0, calls: 1 },
          correlationId: "c-1",
        },
        HAND,
      ],
    ]);
  });

  it.each([
    { title: "has none", body: {}, evidence: { kind: "held", cause: "banned" } },
    {
      title: "is given back",
      body: { decideBy: "2026-11-23T08:10:00+08:00" },
      evidence: { kind: "interrupted" },
    },
  ] as const)("no deadline is remembered of one that $title", async ({ body, evidence }) => {
    gathers(evidence);
    await handle(delivery({}, body));
    expect(remind).not.toHaveBeenCalled();
  });

  it("for a fault that nobody foresaw lets the claim go, or the next delivery waits for ever", async () => {
    score.mockRejectedValue(new Error("broken"));
    await expect(handle()).rejects.toThrow("broken");
    expect(journal.release.mock.calls).toEqual([[CLAIM]]);
  });
});

describe("a bad body", () => {
  it.each([
    { brings: { calls: 0, replays: undefined }, attempts: 0, replays: 0 },
    { brings: { calls: 2, replays: 0 }, attempts: 2, replays: 1 },
    { brings: { calls: 2, replays: 1 }, attempts: 2, replays: 2 },
  ])(
    "is a dead letter without touching anything (it brings $brings)",
    async ({ brings, attempts, replays }) => {
      expect(await handle(delivery({ body: Buffer.from("{"), ...brings }))).toEqual({
        action: "dead-letter",
        deadLetter: {
          reason: "malformed",
          detail: "body is not valid JSON",
          attempts,
          replays,
          failedAt: NOW,
          worker: "w1",
        },
      });
      expect(journal.claim).not.toHaveBeenCalled();
      expect(score).not.toHaveBeenCalled();
    },
  );

  it("names the field that is wrong", async () => {
    expect(await handle(delivery({}, { merchantCategoryCode: 742 }))).toMatchObject({
      deadLetter: { detail: "merchantCategoryCode must be four digits, as text" },
    });
  });
});

describe("the way it came", () => {
  const replay = { calls: 4, replays: 1 };
  const nothing = { calls: 0, replays: undefined };

  it.each([
    {
      lane: "standard",
      deliveryCount: 0,
      brings: nothing,
      expected: { calls: 0, replays: 0, replay: "none" },
    },
    {
      lane: "standard",
      deliveryCount: 3,
      brings: nothing,
      expected: { calls: 0, replays: 0, replay: "none" },
    },
    { lane: "replay", deliveryCount: 0, brings: replay, expected: { calls: 4, replays: 1, replay: "fresh" } },
    { lane: "replay", deliveryCount: 1, brings: replay, expected: { calls: 4, replays: 1, replay: "again" } },
    {
      lane: "waiting",
      deliveryCount: 0,
      brings: replay,
      expected: { calls: 4, replays: 1, replay: "waited" },
    },
    {
      lane: "waiting",
      deliveryCount: 2,
      brings: { calls: 2, replays: undefined },
      expected: { calls: 2, replays: 0, replay: "none" },
    },
  ] as const)(
    "$lane, returned $deliveryCount times: $expected.replay",
    async ({ lane, deliveryCount, brings, expected }) => {
      await handle(delivery({ lane, originalLane: "replay", deliveryCount, ...brings }));
      const history: History | undefined = journal.claim.mock.calls[0]?.[2];
      expect(history).toEqual(expected);
    },
  );

  it.each([
    { lane: "urgent", originalLane: "urgent", priority: 1, stayMs: 60_000, leavesWhenHeld: true },
    { lane: "standard", originalLane: "standard", priority: 5, stayMs: 60_000, leavesWhenHeld: true },
    { lane: "replay", originalLane: "replay", priority: 8, stayMs: 60_000, leavesWhenHeld: true },
    { lane: "waiting", originalLane: "urgent", priority: 1, stayMs: 230_000, leavesWhenHeld: false },
    { lane: "waiting", originalLane: "replay", priority: 8, stayMs: 230_000, leavesWhenHeld: false },
  ] as const)(
    "$lane from $originalLane has priority $priority",
    async ({ lane, originalLane, stayMs, ...urgency }) => {
      await handle(delivery({ lane, originalLane }));
      expect(score.mock.calls.map(([, , given]) => given)).toMatchObject([urgency]);
      const leftMs = (score.mock.calls[0]?.[2].waitsUntilMs ?? NaN) - performance.now();
      expect(leftMs).toBeGreaterThan(stayMs - 5_000);
      expect(leftMs).toBeLessThanOrEqual(stayMs);
    },
  );
});

describe("a shutdown", () => {
  it("while the journal is away gives the delivery back", async () => {
    journal.claim.mockImplementation(async () => {
      stop.abort();
      throw new Error("aborted");
    });
    expect(await handle()).toEqual({ action: "give-back", cause: "shutdown", transactionId: ID });
  });

  it("while somebody else's work is waited for gives it back at once", async () => {
    journal.claim.mockResolvedValue({ kind: "leased", remainingMs: 10_000, known: CLAIM });
    const disposition = handle();
    await vi.waitFor(() => expect(journal.claim).toHaveBeenCalled());
    stop.abort();
    expect(await disposition).toEqual({ action: "give-back", cause: "shutdown", transactionId: ID });
  });

  it("does not keep an answer from being stored and told", async () => {
    score.mockImplementation(async () => {
      stop.abort();
      return { kind: "evidence", evidence: { kind: "scored", score: SCORE, source: "alipay" }, calls: 1 };
    });
    expect(await handle()).toMatchObject(COMPLETED);
    expect(journal.store).toHaveBeenCalledOnce();
  });

  it("does not hide a fault from before it", async () => {
    score.mockRejectedValue(new Error("broken"));
    await expect(handle()).rejects.toThrow("broken");
  });
});

describe("a message that killed workers", () => {
  const poisonedAt =
    (poisonedStage: SuspectStage): HandlerOptions["pass"] =>
    async (stage, _delivery, _hand, work) =>
      stage === poisonedStage ? { kind: "poisoned", deaths: 3 } : { kind: "passed", value: work() };

  it("is a dead letter before it is parsed, with the calls that its headers tell, and one replay more", async () => {
    const replayed = delivery({
      deliveryCount: 4,
      lane: "replay",
      originalLane: "replay",
      calls: 2,
      replays: 1,
    });
    expect(await handle(replayed, { pass: poisonedAt("parsing") })).toEqual({
      action: "dead-letter",
      deadLetter: {
        reason: "poisoned",
        detail: expect.stringMatching(/^3 workers /),
        attempts: 2,
        replays: 2,
        failedAt: NOW,
        worker: "w1",
      },
    });
    expect(journal.claim).not.toHaveBeenCalled();
  });

  it("is a dead letter with the calls made, where they die of its answer, and the claim is given back", async () => {
    const claim = { ...CLAIM, replays: 3 };
    journal.claim.mockResolvedValue({ kind: "claimed", claim });
    const disposition = await handle(delivery({ deliveryCount: 4 }), { pass: poisonedAt("deciding") });
    expect(disposition).toMatchObject({
      action: "dead-letter",
      deadLetter: { reason: "poisoned", attempts: 1, replays: 3 },
    });
    expect(journal.store).not.toHaveBeenCalled();
    expect(journal.release).toHaveBeenCalledExactlyOnceWith(claim);
  });

  it("is decided about until the last moment, once it was paid for", async () => {
    const waits: number[] = [];
    const pass: HandlerOptions["pass"] = async (_stage, _delivery, { untilMs }, work) => {
      waits.push(untilMs);
      return { kind: "passed", value: work() };
    };
    await handle(delivery({ deliveryCount: 1 }), { pass });
    expect(waits).toEqual([expect.closeTo(performance.now() + 230_000, -4), Infinity]);
  });

  it("goes back to its queue where the worker stops before its turn comes", async () => {
    const pass: HandlerOptions["pass"] = async (_stage, _delivery, { signal }) => {
      stop.abort();
      signal.throwIfAborted();
      throw new Error("unreachable");
    };
    expect(await handle(delivery({ deliveryCount: 1 }), { pass })).toEqual({
      action: "give-back",
      cause: "shutdown",
    });
  });
});

describe("UPGRADE_LATE", () => {
  const FALLBACK = {
    ...RESULT.result,
    source: "fallback",
    riskScore: null,
    verdict: "review",
    decidedAt: NOW,
  } as const;
  const fallback: Outcome = { kind: "result", result: FALLBACK };
  const decideBy = "2026-11-23T08:00:02+08:00";
  const waiting = delivery({ lane: "waiting", isUpgrade: true, calls: 1 }, { decideBy });
  const on = { upgradesLate: true };
  const TOLD = { action: "complete", result: FALLBACK, rail: "alipay", merchantId: "store-17" };

  it("lets a fallback of this replica's own wait on for the true score", async () => {
    gathers({ kind: "overdue" }, 1);
    const disposition = await handle(delivery(), on);
    expect(disposition).toMatchObject({
      action: "complete",
      isToBeUpgraded: true,
      result: { source: "fallback", revision: 1, attempts: 1 },
    });
  });

  it("lets one wait on that is found stored, wherever the delivery comes from", async () => {
    journal.claim.mockResolvedValue({ kind: "settled", outcome: fallback });
    expect(await handle(delivery(), on)).toEqual({ ...TOLD, isToBeUpgraded: true });
    expect(await handle(delivery({ lane: "waiting" }), on)).toEqual({ ...TOLD, isToBeUpgraded: true });
    expect(await handle(delivery({ lane: "waiting" }))).toEqual(TOLD); // turned off
  });

  it("claims for the upgrade, forgets the deadline, and yields to all others", async () => {
    journal.claim.mockResolvedValue(claimed({ standing: FALLBACK, calls: 1 }));
    score.mockResolvedValue({
      kind: "evidence",
      evidence: { kind: "scored", score: SCORE, source: "alipay" },
      calls: 2,
    });
    expect(await handle(waiting, on)).toMatchObject({
      action: "complete",
      result: { source: "alipay", riskScore: 0.62, revision: 2, attempts: 2 },
    });
    const wanted = { ...sampleTransaction({ decideBy }), decideByMs: undefined };
    const history = { calls: 1, replays: 0, replay: "none", isUpgrade: true };
    expect(journal.claim.mock.calls).toEqual([[wanted, "t", history, HAND]]);
    const [scored, , urgency] = score.mock.calls[0] ?? [];
    expect(scored).toEqual(wanted);
    expect(urgency).toMatchObject({ priority: 9, leavesWhenHeld: false });
  });

  it.each([
    { kind: "failed", failure: { kind: "permanent", code: "40004", detail: "no" } },
    { kind: "calls-used-up" },
  ] as const)("lets the fallback stand after $kind", async (evidence) => {
    journal.claim.mockResolvedValue(claimed({ standing: FALLBACK }));
    gathers(evidence, 4);
    expect(await handle(waiting, on)).toEqual(TOLD);
    expect(journal.store).not.toHaveBeenCalled();
    expect(journal.release).toHaveBeenCalledOnce();
  });

  it("lets the fallback stand when it is a day old", async () => {
    const yesterday = { ...FALLBACK, decidedAt: "2026-11-22T08:00:00.411+08:00" };
    journal.claim.mockResolvedValue(claimed({ standing: yesterday }));
    expect(await handle(waiting, on)).toMatchObject({ result: yesterday });
    expect(score).not.toHaveBeenCalled();
    expect(journal.release).toHaveBeenCalledOnce();
  });

  it("goes on waiting while no call can be made, and is not put off anew", async () => {
    journal.claim.mockResolvedValue(claimed({ standing: FALLBACK }));
    gathers({ kind: "held", cause: "banned" }, 1);
    expect(await handle(waiting, on)).toMatchObject({ action: "wait", cause: "banned", calls: 1 });
    expect(journal.putOff).not.toHaveBeenCalled();
    expect(remind).not.toHaveBeenCalled();
  });

  it("keeps the answer to a call that was under way when time was up", async () => {
    const { promise, resolve } = Promise.withResolvers<Scoring>();
    score.mockResolvedValue({ kind: "evidence", evidence: { kind: "overdue" }, calls: 1, tooLate: promise });
    const afterwork = new Afterwork();
    await handle(delivery(), { ...on, afterwards: afterwork.add });
    expect(journal.store).toHaveBeenCalledOnce();
    const ended = afterwork.end();
    resolve({ kind: "evidence", evidence: { kind: "scored", score: SCORE, source: "alipay" }, calls: 1 });
    await ended;
    expect(journal.store).toHaveBeenCalledTimes(2);
    const [, outcome, , kept] = journal.store.mock.calls[1] ?? [];
    expect(outcome).toMatchObject({ result: { revision: 2, source: "alipay", attempts: 1 } });
    expect(kept).toEqual(KEPT);
  });

  it("off: what was under way is not waited for", async () => {
    const tooLate = Promise.resolve<Scoring>({
      kind: "evidence",
      evidence: { kind: "scored", score: SCORE, source: "alipay" },
      calls: 1,
    });
    score.mockResolvedValue({ kind: "evidence", evidence: { kind: "overdue" }, calls: 1, tooLate });
    expect(await handle()).not.toHaveProperty("isToBeUpgraded");
    await tooLate;
    expect(journal.store).toHaveBeenCalledOnce();
  });
});
