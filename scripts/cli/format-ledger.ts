import { formatInstant } from "../../shared/domain/instant.ts";
import { formatPrice } from "../../shared/domain/money.ts";
import { formatQuota } from "../../shared/domain/quota.ts";
import type { HoldOverview, LedgerOverview, Spend } from "../../shared/redis/ledger-overview.ts";
import { formatDuration } from "./format-duration.ts";

type Row = readonly [name: string, value: string];

/** The ledger as JSON has it: text where people write text, milliseconds where programs compute. */
export function ledgerJson(ledger: LedgerOverview, strikesPerDay: number) {
  return {
    windows: ledger.windows.map(({ calls, windowMs, used }) => ({
      window: formatQuota([{ calls, windowMs }]),
      calls,
      windowMs,
      used,
      share: used / calls,
    })),
    isInUse: ledger.isInUse,
    quotasDisagree: ledger.quotasDisagree,
    isPastUnknown: ledger.isPastUnknown,
    spacingMs: Math.round(ledger.spacingMs * 10) / 10,
    lastCallAt: ledger.lastCallAtMs === undefined ? null : formatInstant(ledger.lastCallAtMs),
    brake: { isOn: ledger.brakeRemainingMs > 0, remainingMs: ledger.brakeRemainingMs },
    patienceRemainingMs: ledger.patienceRemainingMs,
    strikes: { count: ledger.strikes, limit: strikesPerDay },
    holds: ledger.holds.map(({ sinceMs, ...hold }) => ({ ...hold, since: formatInstant(sinceMs) })),
  };
}

/** Spend as JSON has it; the amount is exact decimal text. */
export function spendJson({ day, calls, tenThousandths }: Spend) {
  return { day, calls, cost: { value: formatPrice(tenThousandths), currency: "CNY" } };
}

/** The ledger for a person. */
export function ledgerRows(ledger: LedgerOverview, strikesPerDay: number): Row[] {
  const windows = ledger.windows.map(({ calls, windowMs, used }): Row => {
    const share = `${Math.round((used / calls) * 100)} %`;
    return [`quota ${formatQuota([{ calls, windowMs }])}`, `${inGroups(used)} used, ${share}`];
  });
  return [
    ...windows,
    ["spacing", `${ledger.spacingMs.toFixed(1)} ms`],
    ["last call", ledger.lastCallAtMs === undefined ? "none" : formatInstant(ledger.lastCallAtMs)],
    ["brake", brakeText(ledger)],
    ["limit answers in 24 h", `${ledger.strikes} of at most ${strikesPerDay}`],
    ...holdRows(ledger, strikesPerDay),
    ...remarks(ledger).map((remark): Row => ["note", remark]),
  ];
}

/** Spend for a person. */
export function spendRow({ day, calls, tenThousandths }: Spend): Row {
  return ["spent today", `${formatPrice(tenThousandths)} CNY for ${inGroups(calls)} calls (${day})`];
}

function brakeText({ brakeRemainingMs, patienceRemainingMs }: LedgerOverview): string {
  const brake = brakeRemainingMs > 0 ? `on, full rate in ${formatDuration(brakeRemainingMs)}` : "off";
  if (patienceRemainingMs === 0) return brake;
  return `${brake}; the gateway asked to wait ${formatDuration(patienceRemainingMs)}`;
}

function holdRows({ holds, strikes }: LedgerOverview, strikesPerDay: number): Row[] {
  const rows = holds.map((hold): Row => [`hold: ${hold.kind}`, holdText(hold)]);
  if (strikes >= strikesPerDay) rows.push(["hold: strikes", "one limit answer more might bring a ban"]);
  return rows.length === 0 ? [["holds", "none"]] : rows;
}

function holdText({ code, sinceMs, remainingMs, by }: HoldOverview): string {
  const next = remainingMs > 0 ? `next probe in ${formatDuration(remainingMs)}` : "a probe is due";
  return `${code}, since ${formatInstant(sinceMs)}, ${next} (met by ${by})`;
}

function remarks(ledger: LedgerOverview): string[] {
  return [
    ...(ledger.isInUse
      ? []
      : ["no replica asked for a permit in the last minute; windows as configured here"]),
    ...(ledger.quotasDisagree ? ["replicas run with different ALIPAY_QUOTA; the strictest counts"] : []),
    ...(ledger.isPastUnknown ? ["earlier calls may be missing on record, so windows fill more slowly"] : []),
  ];
}

const inGroups = (value: number): string => value.toLocaleString("en-US");
