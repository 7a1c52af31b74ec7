import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatInstant, isWritableInstant, parseInstant } from "../../../shared/domain/instant.ts";

const EIGHT_IN_CHINA_MS = Date.UTC(2026, 10, 23);

describe("parseInstant reads", () => {
  it.each([
    { text: "2026-11-23T08:00:00+08:00", ms: EIGHT_IN_CHINA_MS },
    { text: "2026-11-23T00:00:00Z", ms: EIGHT_IN_CHINA_MS },
    { text: "2026-11-22T19:00:00-05:00", ms: EIGHT_IN_CHINA_MS },
    { text: "2026-11-23T05:45:00+05:45", ms: EIGHT_IN_CHINA_MS },
    { text: "2026-11-23T00:00:00.4Z", ms: EIGHT_IN_CHINA_MS + 400 },
    { text: "2026-11-23T00:00:00.412999999Z", ms: EIGHT_IN_CHINA_MS + 412 },
    { text: "2028-02-29T23:59:59Z", ms: Date.UTC(2028, 1, 29, 23, 59, 59) },
    { text: "2000-02-29T00:00:00Z", ms: Date.UTC(2000, 1, 29) },
    { text: "2026-12-31T23:59:59.999-14:00", ms: Date.UTC(2027, 0, 1, 13, 59, 59, 999) },
    { text: "1969-12-31T23:59:59Z", ms: -1_000 },
  ])("$text", ({ text, ms }) => {
    expect(parseInstant(text)).toEqual({ ok: true, value: ms });
  });
});

describe("parseInstant refuses a date or time that does not exist", () => {
  it.each([
    "2026-02-30T00:00:00Z",
    "2026-02-29T00:00:00+08:00",
    "2100-02-29T00:00:00Z",
    "2026-04-31T12:00:00-05:00",
    "2026-00-10T00:00:00Z",
    "2026-13-10T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T25:00:00Z",
    "2026-11-23T23:60:00Z",
    "2026-12-31T23:59:60Z",
  ])("%s", (text) => {
    expect(parseInstant(text)).toEqual({ ok: false, problem: "is a date or time that does not exist" });
  });
});

describe("parseInstant refuses another format", () => {
  it.each([
    "",
    "2026-11-23",
    "2026-11-23T08:00:00",
    "2026-11-23T08:00+08:00",
    "2026-11-23 08:00:00+08:00",
    "2026-11-23T08:00:00+0800",
    "2026-11-23T08:00:00+08",
    "2026-11-23T08:00:00+15:00",
    "2026-11-23T08:00:00+08:60",
    "2026-11-23t08:00:00z",
    "2026-11-23T08:00:00,5Z",
    "2026-11-23T08:00:00.Z",
    "2026-11-23T08:00:00.1234567890Z",
    "20261123T080000Z",
    "26-11-23T08:00:00Z",
    "+002026-11-23T08:00:00Z",
    " 2026-11-23T08:00:00Z",
    "2026-11-23T08:00:00Z\n",
    "٢٠٢٦-11-23T08:00:00Z",
    "1795392000000",
  ])("%j", (text) => {
    expect(parseInstant(text)).toEqual({
      ok: false,
      problem: expect.stringContaining("must be an ISO 8601 date"),
    });
  });
});

describe("formatInstant", () => {
  it("writes milliseconds and China's offset, whatever the machine's zone", () => {
    expect(formatInstant(EIGHT_IN_CHINA_MS + 412)).toBe("2026-11-23T08:00:00.412+08:00");
  });

  it("writes what parseInstant reads back", () => {
    const withinFourDigitYears = fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-30T00:00:00Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(withinFourDigitYears, (date) => {
        expect(parseInstant(formatInstant(date.getTime()))).toEqual({ ok: true, value: date.getTime() });
      }),
    );
  });
});

describe("an instant that can be written", () => {
  it("has a year of four digits in China", () => {
    const first = Date.parse("0000-01-01T00:00:00+08:00");
    const last = Date.parse("9999-12-31T23:59:59.999+08:00");
    expect([first, last].map(formatInstant)).toEqual([
      "0000-01-01T00:00:00.000+08:00",
      "9999-12-31T23:59:59.999+08:00",
    ]);
    expect([first, last].map(isWritableInstant)).toEqual([true, true]);
    const others = [first - 1, last + 1, 8.64e15, 8.64e18, NaN, Infinity, -Infinity];
    expect(others.filter(isWritableInstant)).toEqual([]);
  });
});

describe("a calendar day", () => {
  it("is read exactly if the calendar has it", () => {
    const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
    const daysIn = (year: number, month: number) =>
      month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
    const number = (max: number) => fc.integer({ min: 1, max });
    const hour = fc.integer({ min: 0, max: 23 });
    const offset = fc.constantFrom("Z", "+08:00", "-05:00", "+14:00", "-12:00");
    fc.assert(
      fc.property(number(9999), number(12), number(31), hour, offset, (year, month, day, hours, zone) => {
        const pad = (value: number, length = 2) => String(value).padStart(length, "0");
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hours)}:30:00${zone}`;
        expect(parseInstant(text).ok).toBe(day <= daysIn(year, month));
      }),
    );
  });
});
