import { z } from "zod";
import { dayAt, daysOf, monthAt } from "../../domain/alipay-calendar.ts";
import { isWritableInstant } from "../../domain/instant.ts";
import type { RedisClient } from "../connection.ts";
import { redisNow } from "../redis-now.ts";
import { readable } from "../readable.ts";

/** What is booked of a day, a month, or a merchant's month. Amounts are ten-thousandths of a yuan. */
export interface Figures {
  /** API calls, and what they cost. */
  readonly calls: number;
  readonly tenThousandths: number;
  /** Results, by what they come from. */
  readonly scored: number;
  readonly cached: number;
  readonly belowThreshold: number;
  readonly fallback: number;
  /** What a call would have cost for each of those that needed none. */
  readonly savedByCache: number;
  readonly savedByThreshold: number;
}

/** A day, "2026-11-23", or a month, "2026-11", at Alipay. */
export interface PeriodFigures extends Figures {
  readonly period: string;
  /** Calls are held for want of budget: since when, and what the budget is. */
  readonly stop: { readonly sinceMs: number; readonly budget: number } | undefined;
}

/** Of one month. */
export interface MerchantFigures extends Figures {
  /** "none": transactions without a merchant. "other": merchants beyond those that are told apart. */
  readonly merchant: { readonly id: string } | "none" | "other";
}

const count = z.coerce.number().default(0);
const figuresSchema = z.object({
  calls: count,
  tenThousandths: count,
  scored: count,
  cached: count,
  belowThreshold: count,
  fallback: count,
  savedByCache: count,
  savedByThreshold: count,
});
const stopSchema = z.object({
  stoppedAt: z.coerce.number().refine(isWritableInstant),
  stoppedBy: z.coerce.number(),
});

/** What each figure is called in a month's hash; of a day or a merchant with its name after it (books.lua). */
const FIELDS = [...Object.keys(figuresSchema.shape), ...Object.keys(stopSchema.shape)];

/** What all keys of an installation's books begin with (books.lua). */
export const booksKey = (namespace: string): string => `${namespace}:spend`;

/** Reads what is booked of a day or a month; zeros where nothing is. */
export async function readPeriod(
  client: RedisClient,
  namespace: string,
  period: string,
): Promise<PeriodFigures> {
  return readable(monthsKey(namespace, monthOf(period)), async () => {
    const [fields = {}] = await readFields(client, namespace, monthOf(period), [period]);
    return figuresOf(period, fields);
  });
}

/** What is booked of today and of this month, by Redis' clock. */
export interface CurrentFigures {
  readonly nowMs: number;
  readonly day: PeriodFigures;
  readonly month: PeriodFigures;
}

/** Reads today's and this month's. */
export async function readCurrent(client: RedisClient, namespace: string): Promise<CurrentFigures> {
  const nowMs = await redisNow(client);
  const [day, month] = [dayAt(nowMs), monthAt(nowMs)];
  return readable(monthsKey(namespace, month), async () => {
    const [ofDay = {}, ofMonth = {}] = await readFields(client, namespace, month, [day, month]);
    return { nowMs, day: figuresOf(day, ofDay), month: figuresOf(month, ofMonth) };
  });
}

/** Reads the days of a month of which something is booked. */
export async function readDays(
  client: RedisClient,
  namespace: string,
  month: string,
): Promise<PeriodFigures[]> {
  const days = daysOf(month);
  return readable(monthsKey(namespace, month), async () => {
    const booked = await readFields(client, namespace, month, days);
    return days.flatMap((day, index) => {
      const fields = booked[index] ?? {};
      return Object.keys(fields).length > 0 ? [figuresOf(day, fields)] : [];
    });
  });
}

/** Reads the merchants of a month, those that cost most first. */
export async function readMerchants(
  client: RedisClient,
  namespace: string,
  month: string,
): Promise<MerchantFigures[]> {
  const key = monthsKey(namespace, month);
  return readable(key, async () => merchantsOf(await client.hgetall(key)));
}

function merchantsOf(fields: Readonly<Record<string, string>>): MerchantFigures[] {
  const byName = new Map<string, Record<string, string>>();
  for (const [field, value] of Object.entries(fields)) {
    const [, figure, name] = /^(\w+) (none|other|m:.*)$/s.exec(field) ?? [];
    if (figure === undefined || name === undefined) continue; // the month's own, a day's, the version
    const figures = byName.get(name) ?? {};
    figures[figure] = value;
    byName.set(name, figures);
  }
  return [...byName]
    .map(([name, figures]) => Object.assign(figuresSchema.parse(figures), { merchant: merchantOf(name) }))
    .toSorted((a, b) => b.tenThousandths - a.tenThousandths || b.calls - a.calls);
}

/** The fields that are there of some days of a month, or of itself, under their bare names; in one round trip. */
async function readFields(
  client: RedisClient,
  namespace: string,
  month: string,
  periods: readonly string[],
): Promise<Readonly<Record<string, string>>[]> {
  const suffixes = periods.map((period) => (period === month ? "" : ` ${period}`));
  const wanted = suffixes.flatMap((suffix) => FIELDS.map((name) => name + suffix));
  const values = await client.hmget(monthsKey(namespace, month), ...wanted);
  return periods.map((_, at) =>
    Object.fromEntries(
      FIELDS.flatMap((name, index) => {
        const value = values[at * FIELDS.length + index];
        return value === null || value === undefined ? [] : [[name, value]];
      }),
    ),
  );
}

const monthsKey = (namespace: string, month: string): string => `${booksKey(namespace)}:${month}`;
const monthOf = (period: string): string => period.slice(0, "2026-11".length);

function figuresOf(period: string, fields: Readonly<Record<string, string>>): PeriodFigures {
  const stop = stopSchema.safeParse(fields);
  return {
    period,
    ...figuresSchema.parse(fields),
    stop: stop.success ? { sinceMs: stop.data.stoppedAt, budget: stop.data.stoppedBy } : undefined,
  };
}

function merchantOf(name: string): MerchantFigures["merchant"] {
  if (name === "none" || name === "other") return name;
  return { id: name.slice("m:".length) };
}
