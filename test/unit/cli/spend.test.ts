import { describe, expect, it } from "vitest";
import { formatSpend } from "../../../scripts/cli/spend/format-spend.ts";
import { spendCsv } from "../../../scripts/cli/spend/spend-csv.ts";
import { spendJson } from "../../../scripts/cli/spend/spend-json.ts";
import type { Figures, PeriodFigures } from "../../../shared/redis/journal/read-books.ts";

const figures = (changes: Partial<Figures> = {}): Figures => ({
  calls: 0,
  tenThousandths: 0,
  scored: 0,
  cached: 0,
  belowThreshold: 0,
  fallback: 0,
  savedByCache: 0,
  savedByThreshold: 0,
  ...changes,
});
const period = (name: string, changes: Partial<PeriodFigures> = {}): PeriodFigures => ({
  period: name,
  stop: undefined,
  ...figures(),
  ...changes,
});

const TOTAL = period("2026-11", { calls: 6, tenThousandths: 1_201, scored: 2, cached: 1, savedByCache: 200 });
const DAYS = [period("2026-11-02", { calls: 2, tenThousandths: 401, cached: 1 }), period("2026-11-30")];
const MERCHANTS = [
  { merchant: { id: 'a "b", c' }, ...figures({ calls: 3, tenThousandths: 600 }) },
  { merchant: "none", ...figures({ calls: 2 }) },
  { merchant: "other", ...figures({ calls: 1 }) },
] as const;

describe("as CSV", () => {
  it.each([
    {
      title: "a whole",
      report: { total: TOTAL },
      rows: ["2026-11,total,,6,0.1201,2,1,0,0,0.3333,0.02,0.00"],
    },
    {
      title: "days",
      report: { total: TOTAL, days: DAYS },
      rows: [
        "2026-11-02,day,,2,0.0401,0,1,0,0,1.0000,0.00,0.00",
        "2026-11-30,day,,0,0.00,0,0,0,0,,0.00,0.00",
      ],
    },
    {
      title: "merchants",
      report: { total: TOTAL, merchants: MERCHANTS },
      rows: [
        '2026-11,merchant,"a ""b"", c",3,0.06,0,0,0,0,,0.00,0.00',
        "2026-11,none,,2,0.00,0,0,0,0,,0.00,0.00",
        "2026-11,other,,1,0.00,0,0,0,0,,0.00,0.00",
      ],
    },
  ])("$title", ({ report, rows }) => {
    const [header, ...lines] = spendCsv(report).split("\r\n");
    expect(header?.split(",")).toHaveLength(12);
    expect(lines).toEqual([...rows, ""]);
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", " =1+1"])("runs no formula that is a merchant's id: %s", (id) => {
    const merchants = [{ merchant: { id }, ...figures() }];
    expect(spendCsv({ total: TOTAL, merchants })).toContain(`,merchant,'${id},`);
  });
});

describe("what is billed", () => {
  it.each([
    { total: TOTAL, minimum: 0, billed: "0.1201" },
    { total: TOTAL, minimum: 1_200, billed: "0.1201" },
    { total: TOTAL, minimum: 10_000_000, billed: "1000.00" },
    { total: period("2026-11-02", { tenThousandths: 5 }), minimum: 10_000_000, billed: undefined },
  ])("of $total.period with a minimum of $minimum is $billed", ({ total, minimum, billed }) => {
    expect(spendJson({ total }, minimum).billed?.value).toBe(billed);
    const said = /^billed +([\d.]+) CNY/m.exec(formatSpend({ total }, minimum));
    expect(said?.[1]).toBe(billed);
  });
});

it("names those that are no merchant so that no merchant's name can be taken for them", () => {
  const { merchants } = spendJson({ total: TOTAL, merchants: MERCHANTS }, 0);
  expect(merchants?.map(({ merchantId, group }) => [merchantId, group])).toEqual([
    ['a "b", c', "merchant"],
    [null, "none"],
    [null, "other"],
  ]);
});

it("is a table to a person, with its columns under their titles", () => {
  const [title, first] = formatSpend({ total: TOTAL, days: DAYS }, 0).split("\n").slice(-4);
  expect(title).toMatch(
    /^day +calls +CNY +scored +from cache +below threshold +fallback +hit rate +saved, CNY$/,
  );
  expect(first).toMatch(/^2026-11-02 +2 +0\.0401 +0 +1 +0 +0 +100\.0 % +0\.00$/);
  expect(first).toHaveLength(title?.length ?? 0);
});
