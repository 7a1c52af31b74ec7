import { describe, expect, it } from "vitest";
import { deadlineOf } from "../../../shared/domain/deadline.ts";
import { sampleClaim } from "../../support/sample-claim.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";

const DECIDE_BY = "2026-11-23T08:00:02+08:00";
const DECIDE_BY_MS = Date.parse(DECIDE_BY);
const HOUR_MS = 3_600_000;

describe("what is remembered of a transaction that goes to wait", () => {
  it("is all it takes to answer it, a little before it must be", () => {
    const claim = sampleClaim({ digest: "x", pseudonym: "y", replays: 1, calls: 1, nowMs: DECIDE_BY_MS });
    expect(deadlineOf(sampleTransaction({ decideBy: DECIDE_BY }), claim, 2, "c-1")).toEqual({
      transactionId: "T202611230000001",
      rail: "alipay",
      merchantId: "store-17",
      metadata: { channel: "app" },
      dueMs: DECIDE_BY_MS - 200,
      claim: { digest: "x", pseudonym: "y", replays: 1, calls: 2 },
      correlationId: "c-1",
    });
  });

  it.each([
    { title: "it has all the time", decideBy: undefined, aheadMs: 0, isRemembered: false },
    { title: "it is late", decideBy: DECIDE_BY, aheadMs: -1, isRemembered: true },
    { title: "its day has come", decideBy: DECIDE_BY, aheadMs: 25 * HOUR_MS, isRemembered: true },
    { title: "it is yet to occur", decideBy: DECIDE_BY, aheadMs: 25 * HOUR_MS + 1, isRemembered: false },
  ])("where $title: $isRemembered", ({ decideBy, aheadMs, isRemembered }) => {
    const claim = sampleClaim({ nowMs: DECIDE_BY_MS - aheadMs });
    const deadline = deadlineOf(sampleTransaction({ decideBy }), claim, 0, undefined);
    expect(deadline !== undefined).toBe(isRemembered);
  });
});
