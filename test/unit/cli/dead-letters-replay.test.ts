import { describe, expect, it } from "vitest";
import { budgetRoom, describeRoom, roomJson } from "../../../scripts/cli/dead-letters/budget-room.ts";
import { pausedAfter, stoppedBy, whyNothingMoves } from "../../../scripts/cli/dead-letters/replay-end.ts";

describe("why nothing moves", () => {
  it.each([
    { title: "no worker", sees: { held: undefined, consumers: 0, quotaUsed: 1 }, says: /^no worker takes/ },
    {
      title: "a hold",
      sees: { held: "operator, calm", consumers: 2, quotaUsed: 1 },
      says: /^calls are held: operator, calm$/,
    },
    {
      title: "both",
      sees: { held: "banned, 40006", consumers: 0, quotaUsed: 0 },
      says: /^no worker .*; calls are held: banned, 40006$/,
    },
    {
      title: "live traffic",
      sees: { held: undefined, consumers: 2, quotaUsed: 0.95 },
      says: /^the quota is used up, and the replay lane goes last/,
    },
    {
      title: "nothing that can be seen",
      sees: { held: undefined, consumers: 2, quotaUsed: 0.1 },
      says: /retry, or live traffic used the quota/,
    },
  ])("$title", ({ sees, says }) => expect(whyNothingMoves(sees)).toMatch(says));
});

describe("how a replay ends", () => {
  it("says how long it had waited, and for how many", () => {
    expect(pausedAfter(120_000, 3, "calm")).toEqual({
      state: "paused",
      says: "paused: 3 wait for an outcome, and for 2 min (--patience) there was none, nor any call: calm",
    });
  });

  it.each([
    { outcome: { answered: 1, fallbacks: 0, failed: 4 }, says: "4 of 5 failed again (rejected 40004); " },
    {
      outcome: { answered: 0, fallbacks: 2, failed: 0 },
      says: "2 of 2 got a fallback, no score (is the budget spent?",
    },
    {
      outcome: { answered: 0, fallbacks: 2, failed: 3 },
      says: "3 of 5 failed again (rejected 40004), 2 of 5 got a fallback",
    },
  ])("$says", ({ outcome, says }) => expect(stoppedBy(outcome, "rejected 40004").says).toContain(says));
});

/** 2026-11-23T12:00:00+08:00 */
const NOON_MS = Date.UTC(2026, 10, 23, 4);
const PRICE = 200;
const NOTHING = {
  calls: 0,
  tenThousandths: 0,
  scored: 0,
  cached: 0,
  belowThreshold: 0,
  fallback: 0,
  savedByCache: 0,
  savedByThreshold: 0,
  stop: undefined,
};

/** What is spent, in calls. */
const spent = ({ day, month }: { day: number; month: number }) => ({
  nowMs: NOON_MS,
  day: { ...NOTHING, period: "2026-11-23", tenThousandths: day * PRICE },
  month: { ...NOTHING, period: "2026-11", tenThousandths: month * PRICE },
});

const budgets = ({ day, month }: { day?: number; month?: number }) => ({
  budgetPerDay: day === undefined ? undefined : day * PRICE,
  budgetPerMonth: month === undefined ? undefined : month * PRICE,
  whenBudgetIsSpent: "hold" as const,
});

describe("what the budgets leave", () => {
  it.each([
    {
      title: "the day's",
      set: { day: 10, month: 100 },
      books: { day: 4, month: 4 },
      setting: "BUDGET_PER_DAY",
      callsLeft: 6,
    },
    {
      title: "the month's",
      set: { day: 10, month: 100 },
      books: { day: 4, month: 98 },
      setting: "BUDGET_PER_MONTH",
      callsLeft: 2,
    },
    {
      title: "the longer one of two that are spent",
      set: { day: 10, month: 20 },
      books: { day: 10, month: 20 },
      setting: "BUDGET_PER_MONTH",
      callsLeft: 0,
    },
    {
      title: "none below nothing",
      set: { day: 10 },
      books: { day: 12, month: 12 },
      setting: "BUDGET_PER_DAY",
      callsLeft: 0,
    },
  ])("is $title", ({ set, books, setting, callsLeft }) =>
    expect(budgetRoom(spent(books), budgets(set), PRICE)).toMatchObject({ setting, callsLeft }),
  );

  it("is undefined without a budget, and where calls cost nothing", () => {
    expect(budgetRoom(spent({ day: 4, month: 4 }), budgets({}), PRICE)).toBeUndefined();
    expect(budgetRoom(spent({ day: 0, month: 0 }), budgets({ day: 1 }), 0)).toBeUndefined();
  });

  it("is that of a worker that stopped, where none is set here", () => {
    const books = spent({ day: 10, month: 10 });
    const stopped = { ...books, day: { ...books.day, stop: { sinceMs: NOON_MS, budget: 10 * PRICE } } };
    expect(budgetRoom(stopped, budgets({}), PRICE)).toMatchObject({
      setting: "BUDGET_PER_DAY",
      callsLeft: 0,
    });
  });

  it("is told to a person and to programs", () => {
    const room = budgetRoom(spent({ day: 4, month: 4 }), budgets({ day: 10 }), PRICE);
    if (room === undefined) throw new Error("there is a budget");
    const left = "BUDGET_PER_DAY of 0.20 CNY leaves 6 calls until 2026-11-24T00:00:00.000+08:00";
    expect(describeRoom(6, room)).toBe(left);
    expect(describeRoom(8, room)).toBe(`${left}: too few, 2 are held until then`);
    expect(describeRoom(8, { ...room, whenSpent: "fallback" })).toBe(
      `${left}: too few, 2 get a fallback, no score`,
    );
    expect(roomJson(8, room)).toEqual({
      setting: "BUDGET_PER_DAY",
      value: "0.20",
      currency: "CNY",
      callsLeft: 6,
      callsUnpaid: 2,
      whenSpent: "hold",
      endsAt: "2026-11-24T00:00:00.000+08:00",
    });
  });
});
