import { setTimeout } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { Scoring } from "../../../shared/domain/scoring.ts";
import { scoreInTime } from "../../../workers/risk-detection/score-in-time.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const DECIDE_BY = "2026-11-23T08:00:02+08:00";
const DUE_MS = Date.parse(DECIDE_BY) - 200;
const OVERDUE: Scoring = { kind: "evidence", evidence: { kind: "overdue" }, calls: 1 };
const HELD: Scoring = { kind: "evidence", evidence: { kind: "held", cause: "quota" }, calls: 2 };
const SCORED: Scoring = {
  kind: "evidence",
  evidence: { kind: "scored", score: { riskScore: 0.1, ruleCodes: [], traceId: null }, source: "alipay" },
  calls: 2,
};
const STAY_MS = 60_000;

type Score = Parameters<typeof scoreInTime>[0];

function scoreWith(score: Score, leftMs: number, decideBy: string | undefined = DECIDE_BY) {
  const transaction = sampleTransaction({ decideBy });
  const claim = sampleClaim({ calls: 1, nowMs: DUE_MS - leftMs });
  const untilMs = performance.now() + STAY_MS;
  const urgency = { priority: 5, leavesWhenHeld: true, waitsUntilMs: untilMs };
  return scoreInTime(score)(transaction, claim, urgency, { signal: new AbortController().signal, untilMs });
}

const never = new Promise<never>(() => undefined);

it.each([SCORED, HELD])("gives what scoring comes to before the deadline: $evidence", async (scoring) => {
  expect(await scoreWith(async () => scoring, 10_000)).toEqual(scoring);
});

it("gives what scoring comes to where there is no deadline, and leaves the stay as it is", async () => {
  const score = vi.fn<Score>(async () => HELD);
  const transaction = sampleTransaction();
  const hand = { signal: new AbortController().signal, untilMs: 7 };
  const urgency = { priority: 5, leavesWhenHeld: true, waitsUntilMs: 5 };
  const claim = sampleClaim();
  expect(await scoreInTime(score)(transaction, claim, urgency, hand)).toEqual(HELD);
  expect(score.mock.calls).toEqual([[transaction, claim, urgency, hand]]);
});

it("arms no timer for a deadline beyond every stay: the longest timer would fire at once", async () => {
  const later: Score = () => setTimeout(50, HELD);
  expect(await scoreWith(later, 2 ** 31 + 10_000)).toEqual(HELD);
});

it("is overdue at the deadline, whatever scoring is about, and aborts nothing", async () => {
  const score = vi.fn<Score>(() => never);
  const startedAt = performance.now();
  expect(await scoreWith(score, 50)).toEqual({ ...OVERDUE, tooLate: expect.any(Promise) });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  const [, , urgency, hand] = score.mock.calls[0] ?? [];
  expect(hand?.signal.aborted).toBe(false);
  expect((hand?.untilMs ?? NaN) - startedAt).toBeLessThan(1_000);
  expect((urgency?.waitsUntilMs ?? NaN) - startedAt).toBeLessThan(1_000);
});

it("is overdue where the wait ended with the deadline", async () => {
  const blocked: Score = async () => {
    const endsAt = performance.now() + 60;
    while (performance.now() < endsAt); // timers cannot fire
    return HELD;
  };
  expect(await scoreWith(blocked, 50)).toEqual(OVERDUE);
});

it("keeps a paid answer that came with the deadline", async () => {
  const blocked: Score = async () => {
    const endsAt = performance.now() + 60;
    while (performance.now() < endsAt);
    return SCORED;
  };
  expect(await scoreWith(blocked, 50)).toEqual(SCORED);
});

it("is overdue while a call is under way, and still tells what that comes to", async () => {
  const { promise, resolve } = Promise.withResolvers<Scoring>();
  const scoring = await scoreWith(() => promise, 20);
  resolve(SCORED);
  expect(await (scoring.kind === "evidence" ? scoring.tooLate : undefined)).toEqual(SCORED);
});
