import { expect, it } from "vitest";
import { dayAt, daysOf, endOf, monthAt } from "../../../shared/domain/alipay-calendar.ts";
import { budgetUse } from "../../../shared/domain/budget.ts";

const NOW = "2026-11-30T23:59:59.999+08:00";
const spentOf = (day: number, month: number) => ({ day, month, nowMs: Date.parse(NOW) });

it.each([
  { spent: 7_999, isNearlySpent: false },
  { spent: 8_000, isNearlySpent: true },
  { spent: 10_000, isNearlySpent: true },
])("$spent of 10000 is nearly spent: $isNearlySpent", ({ spent, isNearlySpent }) => {
  expect(budgetUse(spentOf(spent, 0), { day: 10_000, month: undefined })).toEqual([
    {
      period: "day",
      budget: 10_000,
      spent,
      isNearlySpent,
      endsAtMs: Date.parse("2026-12-01T00:00:00+08:00"),
    },
  ]);
});

it("tells of each budget that is set, and of no other", () => {
  const none = { day: undefined, month: undefined };
  expect(budgetUse(spentOf(1, 2), none)).toEqual([]);
  expect(budgetUse(spentOf(1, 2), { day: 5, month: 5 })).toMatchObject([
    { period: "day", spent: 1 },
    { period: "month", spent: 2 },
  ]);
});

it.each([
  { at: NOW, day: "2026-12-01", month: "2026-12-01" },
  { at: "2026-12-31T16:00:00Z", day: "2027-01-02", month: "2027-02-01" },
  { at: "2028-02-28T23:00:00+08:00", day: "2028-02-29", month: "2028-03-01" },
  { at: "2026-10-09T00:00:00+08:00", day: "2026-10-10", month: "2026-11-01" },
])("after $at the next day is $day, the next month begins with $month", ({ at, day, month }) => {
  const midnight = (date: string): number => Date.parse(`${date}T00:00:00+08:00`);
  expect(endOf("day", Date.parse(at))).toBe(midnight(day));
  expect(endOf("month", Date.parse(at))).toBe(midnight(month));
});

it("names days and months by Alipay's clock, not by ours", () => {
  const lastHourInLondon = Date.parse("2026-11-30T23:00:00Z");
  expect(dayAt(lastHourInLondon)).toBe("2026-12-01");
  expect(monthAt(lastHourInLondon)).toBe("2026-12");
});

it.each([
  { month: "2026-11", days: 30, last: "2026-11-30" },
  { month: "2026-12", days: 31, last: "2026-12-31" },
  { month: "2028-02", days: 29, last: "2028-02-29" },
  { month: "2100-02", days: 28, last: "2100-02-28" },
])("$month has $days days", ({ month, days, last }) => {
  const all = daysOf(month);
  expect(all).toHaveLength(days);
  expect([all[0], all.at(-1)]).toEqual([`${month}-01`, last]);
});
