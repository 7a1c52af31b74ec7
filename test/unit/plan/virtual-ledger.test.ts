import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../scripts/plan/event-queue.ts";
import { VirtualLedger, type VirtualPermit } from "../../../scripts/plan/virtual-ledger.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import { LEDGER_RULES } from "../../../shared/redis/ledger/ledger-rules.ts";
import { busiest } from "../../support/busiest.ts";
import { quotaOf } from "../../support/quota-of.ts";

const DAY = 24 * 3_600_000;
const TIMEOUT = 3_000;
/** A call arrives no later than this after its start. */
const LIFE = 250 + TIMEOUT;

const ledgerOf = (quota: string, strikesPerDay = 1_000): VirtualLedger =>
  new VirtualLedger({ quota: quotaOf(quota), timeoutMs: TIMEOUT, strikesPerDay, freezeMs: DAY });

/** Gives a permit as soon as there is one, with the time at which it was given. */
function take(ledger: VirtualLedger, fromMs: number): { permit: VirtualPermit; nowMs: number } {
  for (let nowMs = fromMs; ;) {
    const reply = ledger.permit(1, 4, nowMs);
    if (reply.kind === "granted") return { permit: reply.permit, nowMs };
    nowMs += reply.kind === "crowded" ? 10 : reply.waitMs;
  }
}

/** Starts of so many calls, each answered at once. */
function starts(ledger: VirtualLedger, count: number, fromMs = 0): number[] {
  let atMs = fromMs;
  return Array.from({ length: count }, () => {
    const { permit } = take(ledger, atMs);
    atMs = permit.call.startMs;
    ledger.answered(permit, atMs, atMs);
    return atMs;
  });
}

describe("spacing", () => {
  it.each([
    { quota: "20/1s", gap: 48.5 },
    { quota: "100/1m", gap: 250 },
    { quota: "100/1s,600/1m", gap: 9.7 },
  ])("$quota: $gap ms", ({ quota, gap }) => {
    const [first = 0, second = 0, third = 0] = starts(ledgerOf(quota), 3);
    expect(second - first).toBeCloseTo(gap);
    expect(third - second).toBeCloseTo(gap);
  });
});

describe("windows", () => {
  it("a full second is out 5 ms after its last call can have arrived", () => {
    const [first = 0, , , , , sixth = 0] = starts(ledgerOf("5/1s"), 6);
    expect(sixth - first).toBe(1_005);
  });

  it("an unanswered call counts as arriving as late as it can", () => {
    const ledger = ledgerOf("1/1s");
    const { permit } = take(ledger, 0);
    const second = take(ledger, 0);
    expect(second.permit.call.startMs).toBe(permit.call.startMs + LIFE + 1_005);
  });

  it("an answer makes room sooner", () => {
    const ledger = ledgerOf("1/1s");
    const { permit } = take(ledger, 0);
    ledger.answered(permit, 40, 100);
    expect(take(ledger, 100).permit.call.startMs).toBeCloseTo(1_105 - 60 / 51, 6);
  });

  it("the least latency seen makes room sooner still, the more of them were seen", () => {
    const ledger = ledgerOf("1/1s");
    let answeredMs = 0;
    // So that half of it is believed.
    for (let nth = 1; nth <= LEDGER_RULES.ANSWERS_DOUBTED; nth += 1) {
      const { permit } = take(ledger, answeredMs);
      answeredMs = permit.call.startMs + (nth === 3 ? 60 : 80);
      ledger.answered(permit, permit.call.startMs, answeredMs);
    }
    expect(take(ledger, answeredMs).permit.call.startMs).toBeCloseTo(answeredMs - 30 + 1_005, 6);
  });

  it("a call that never left takes no room", () => {
    const ledger = ledgerOf("1/1s,1/1h");
    const { permit } = take(ledger, 0);
    ledger.unused(permit);
    expect(take(ledger, 10).permit.call.startMs).toBe(250); // only the spacing stays
  });

  it("a long window frees its calls by the second, once the whole second is out", () => {
    const calls = starts(ledgerOf("20/1s,100/1h"), 101);
    // The last of a second's calls started at 950.6 ms.
    expect(calls[100]).toBe(1_000 + 3_600_000 + LIFE);
  });

  it("a longer one by the minute", () => {
    expect(starts(ledgerOf("20/1s,100/1d"), 101)[100]).toBe(60_000 + DAY + LIFE);
  });

  it("promises no start further ahead than half a second", () => {
    const ledger = ledgerOf("1/1s");
    take(ledger, 0);
    expect(ledger.permit(1, 4, 0)).toEqual({ kind: "wait", waitMs: LIFE + 1_005 - 500 });
  });
});

/** A gateway that counts arrivals, whatever the ledger thinks of them. */
function arrivalsAt(quota: string, seed: number, calls: number): number[] {
  const ledger = ledgerOf(quota);
  const random = createRandom(seed);
  const answers = new EventQueue<() => void>();
  const arrivals: number[] = [];
  let nowMs = 0;
  while (arrivals.length < calls) {
    const reply = ledger.permit(1, 4, nowMs);
    if (reply.kind === "granted") {
      const { permit } = reply;
      // Leaves while the permit is fresh, and takes its time on the way there.
      const arrivedMs = permit.call.startMs + random() * 249;
      arrivals.push(arrivedMs);
      const latencyMs = 20 + random() * (random() < 0.1 ? 2_000 : 60);
      const answeredMs = arrivedMs + latencyMs;
      const isLost = random() < 0.02;
      if (!isLost) {
        answers.push(answeredMs, () => {
          ledger.answered(permit, arrivedMs, answeredMs);
        });
      }
      continue;
    }
    const againMs = nowMs + (reply.kind === "crowded" ? 10 : reply.waitMs);
    if (answers.nextAtMs <= againMs) {
      nowMs = answers.nextAtMs;
      answers.pop()?.();
    } else nowMs = againMs;
  }
  return arrivals;
}

it("no window is exceeded at the gateway, whatever becomes of the calls on their way", () => {
  const windows = fc.record({
    perSecond: fc.integer({ min: 1, max: 60 }),
    perMinute: fc.integer({ min: 1, max: 2_000 }),
    perHour: fc.integer({ min: 1, max: 20_000 }),
    seed: fc.nat(1_000_000),
  });
  fc.assert(
    fc.property(windows, ({ perSecond, perMinute, perHour, seed }) => {
      const arrivals = arrivalsAt(`${perSecond}/1s,${perMinute}/1m,${perHour}/1h`, seed, 1_500);
      expect(busiest(arrivals, 1_000)).toBeLessThanOrEqual(perSecond);
      expect(busiest(arrivals, 60_000)).toBeLessThanOrEqual(perMinute);
      expect(busiest(arrivals, 3_600_000)).toBeLessThanOrEqual(perHour);
    }),
    { numRuns: 60 },
  );
});

describe("the brake", () => {
  /** So many calls that were accepted, then one that was refused, each 50 ms after it left. */
  function refusedAfter(ledger: VirtualLedger, accepted: number): number {
    let nowMs = 0;
    for (let count = 0; count < accepted; count += 1) {
      const { permit } = take(ledger, nowMs);
      nowMs = permit.call.startMs;
      ledger.answered(permit, nowMs, nowMs);
    }
    const { permit } = take(ledger, nowMs);
    const leftMs = permit.call.startMs;
    ledger.limited(permit, leftMs, leftMs + 50);
    return leftMs + 50;
  }

  it("pauses for the window to blame, then goes at half of what it held, then at more", () => {
    const ledger = ledgerOf("20/1s,50000/1h");
    const brakedMs = refusedAfter(ledger, 6);
    const [first = 0, second = 0] = starts(ledger, 2, brakedMs);
    expect(first).toBe(brakedMs + 1_000);
    expect(second - first).toBeGreaterThan(1_000 / 6);
    expect(second - first).toBeCloseTo(1_000 / (6 * (0.5 + 0.45 * 0.01)), -2);
    const [late = 0, later = 0] = starts(ledger, 2, brakedMs + 55_000);
    expect(later - late).toBeCloseTo(1_000 / 5.7);
  });

  it("tries more after ten calm minutes, one call at least", () => {
    const ledger = ledgerOf("20/1s");
    const brakedMs = refusedAfter(ledger, 6);
    const [first = 0, second = 0] = starts(ledger, 2, brakedMs + 599_000);
    expect(second - first).toBeCloseTo(1_000 / 5.7);
    const [third = 0, fourth = 0] = starts(ledger, 2, brakedMs + 600_000);
    expect(fourth - third).toBeCloseTo(1_000 / (7 * 0.95));
  });

  it("tries no more once half of the strikes are used up", () => {
    const ledger = ledgerOf("20/1s", 3);
    const brakedMs = refusedAfter(ledger, 6);
    const { permit } = take(ledger, brakedMs);
    const nowMs = permit.call.startMs + 50;
    ledger.limited(permit, 0, nowMs);
    expect(ledger.strikes(nowMs)).toBe(2);
    const [first = 0, second = 0] = starts(ledger, 2, nowMs + 3_600_000);
    expect(second - first).toBeCloseTo(1_000 / 5.7);
  });

  it("a limit answer to a call that left before is a strike, and no news", () => {
    const ledger = ledgerOf("20/1s");
    let nowMs = 0;
    const permits = Array.from({ length: 8 }, () => {
      const { permit } = take(ledger, nowMs);
      nowMs = permit.call.startMs;
      return permit;
    });
    const [first, second] = permits.slice(6);
    if (first === undefined || second === undefined) throw new Error("no permits");
    ledger.limited(first, first.call.startMs, 500);
    ledger.limited(second, second.call.startMs, 560);
    expect(ledger.strikes(560)).toBe(2);
    expect(ledger.brakeRemainingMs(560)).toBe(59_940);
  });

  it("a last call waits until the brake is off", () => {
    const ledger = ledgerOf("20/1s");
    const brakedMs = refusedAfter(ledger, 6);
    expect(ledger.permit(4, 4, brakedMs + 2_000)).toEqual({ kind: "later", waitMs: 58_000 });
    expect(ledger.permit(3, 4, brakedMs + 2_000).kind).toBe("granted");
    expect(ledger.permit(4, 4, brakedMs + 60_000).kind).toBe("granted");
  });

  it("a lone call needs no retry to be made", () => {
    const ledger = ledgerOf("20/1s");
    const brakedMs = refusedAfter(ledger, 6);
    expect(ledger.permit(1, 1, brakedMs + 2_000).kind).toBe("granted");
  });
});

describe("strikes", () => {
  it("calls under way are never more than strikes are left", () => {
    const ledger = ledgerOf("20/1s", 3);
    const replies = Array.from({ length: 4 }, (_, count) => ledger.permit(1, 4, count * 100).kind);
    expect(replies).toEqual(["granted", "granted", "granted", "crowded"]);
    // The first of them can no longer arrive.
    expect(ledger.permit(1, 4, LIFE + 1).kind).toBe("granted");
  });

  it("used up, they hold all calls until the oldest is a day old", () => {
    const ledger = ledgerOf("20/1s", 2);
    const struckMs = [0, 0].map(() => {
      const { permit, nowMs } = take(ledger, 10_000);
      ledger.limited(permit, permit.call.startMs, nowMs);
      return nowMs;
    });
    const [first = 0, second = 0] = struckMs;
    expect(second).toBeGreaterThan(first);
    const reply = ledger.permit(1, 4, second);
    expect(reply.kind).toBe("held");
    expect(ledger.permit(1, 4, first + DAY).kind).toBe("held");
    expect(ledger.permit(1, 4, first + DAY + 1).kind).toBe("granted");
  });
});

describe("a freeze", () => {
  it("stops all calls, then one probes, then the rate rises", () => {
    const ledger = ledgerOf("20/1s");
    const { permit } = take(ledger, 0);
    ledger.answered(permit, 100, 100);
    ledger.banned(100);
    ledger.banned(200);
    expect(ledger.permit(1, 4, 200)).toEqual({ kind: "held", waitMs: DAY - 100 });

    const dueMs = 100 + DAY;
    expect(ledger.permit(2, 4, dueMs)).toEqual({ kind: "later", waitMs: 1_000 });
    const probe = ledger.permit(1, 4, dueMs);
    if (probe.kind !== "granted") throw new Error("no probe");
    expect(probe.permit.isProbe).toBe(true);
    expect(ledger.permit(1, 4, dueMs + 50).kind).toBe("held");

    ledger.answered(probe.permit, dueMs + 80, dueMs + 100);
    ledger.lift(dueMs + 100);
    const [first = 0, second = 0] = starts(ledger, 2, dueMs + 1_000);
    expect(second - first).toBeGreaterThan(300);
    const [late = 0, later = 0] = starts(ledger, 2, dueMs + 61_000);
    expect(later - late).toBeCloseTo(48.5);
  });

  it("begins anew where the probe meets it again", () => {
    const ledger = ledgerOf("20/1s");
    ledger.banned(0);
    expect(ledger.permit(1, 4, DAY).kind).toBe("granted");
    ledger.banned(DAY + 100);
    expect(ledger.permit(1, 4, DAY + 200)).toEqual({ kind: "held", waitMs: DAY - 100 });
  });
});
