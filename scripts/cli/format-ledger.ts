import { formatInstant } from "../../shared/domain/instant.ts";
import { formatPrice } from "../../shared/domain/money.ts";
import { formatQuota } from "../../shared/domain/quota.ts";
import { usefulReplicas } from "../../shared/domain/useful-replicas.ts";
import type {
  HoldOverview,
  LedgerOverview,
  WindowOverview,
} from "../../shared/redis/ledger/ledger-overview.ts";
import type { CurrentFigures } from "../../shared/redis/journal/read-books.ts";
import { lastsUntilResumed } from "../../shared/redis/ledger/operate-ledger.ts";
import { forecast, marginOf, type Forecast } from "./forecast.ts";
import { formatDuration } from "./format-duration.ts";
import { formatHold } from "./format-hold.ts";
import { inGroups } from "./in-groups.ts";

type Row = readonly [name: string, value: string];

/** The ledger as JSON has it: text where people write text, milliseconds where programs compute. */
export function ledgerJson(ledger: LedgerOverview, strikesPerDay: number) {
  const { isHeld, permitWaitMs, sustainedPerSecond } = forecast(0, ledger, strikesPerDay);
  const { setQuota } = ledger;
  return {
    windows: ledger.windows.map(windowJson),
    setQuota: setQuota === undefined ? null : setQuotaJson(setQuota),
    isInUse: ledger.isInUse,
    quotasDisagree: ledger.quotasDisagree,
    isPastUnknown: ledger.isPastUnknown,
    isHeld,
    permitWaitMs: permitWaitMs === undefined ? null : Math.ceil(permitWaitMs),
    callsPerSecond: Number(sustainedPerSecond.toPrecision(3)),
    spacingMs: rounded(ledger.spacingMs),
    lastCallAt: ledger.lastCallAtMs === undefined ? null : formatInstant(ledger.lastCallAtMs),
    callsUnderWay: ledger.callsUnderWay,
    brake: { isOn: ledger.brakeRemainingMs > 0, remainingMs: Math.ceil(ledger.brakeRemainingMs) },
    rampRemainingMs: Math.ceil(ledger.rampRemainingMs),
    patienceRemainingMs: Math.ceil(ledger.patienceRemainingMs),
    strikes: { count: ledger.strikes, limit: strikesPerDay },
    replicas: ledger.replicas.map(({ name, seenAgoMs, hold }) => ({
      name,
      seenAgoMs: Math.ceil(seenAgoMs),
      hold: hold === undefined ? null : holdJson(hold),
    })),
    usefulReplicas: usefulReplicas(ledger.windows),
    holds: ledger.holds.map(holdJson),
  };
}

function holdJson({ sinceMs, remainingMs, ...hold }: HoldOverview) {
  return {
    ...hold,
    since: formatInstant(sinceMs),
    remainingMs: lastsUntilResumed(remainingMs) ? null : Math.ceil(remainingMs),
  };
}

function windowJson(window: WindowOverview) {
  const { calls, windowMs, used, effective } = window;
  return {
    window: formatQuota([window]),
    calls,
    windowMs,
    used,
    effective: rounded(effective),
    margin: rounded(marginOf(window)),
    share: used / calls,
  };
}

function setQuotaJson({ quota, by, atMs, reason }: NonNullable<LedgerOverview["setQuota"]>) {
  return { quota: formatQuota(quota), by, at: formatInstant(atMs), reason };
}

/** Spend as JSON has it; the amount is exact decimal text. */
export function spendJson({ day: { period, calls, tenThousandths } }: CurrentFigures) {
  return { day: period, calls, cost: { value: formatPrice(tenThousandths), currency: "CNY" } };
}

/** The ledger for a person. */
export function ledgerRows(ledger: LedgerOverview, strikesPerDay: number): Row[] {
  return [
    ...ledger.windows.map((window): Row => [`quota ${formatQuota([window])}`, windowText(window, ledger)]),
    ...setQuotaRows(ledger),
    ["wait for a permit", permitWaitText(forecast(0, ledger, strikesPerDay))],
    ...holdRows(ledger, strikesPerDay),
    ["spacing", spacingText(ledger)],
    ["last call", ledger.lastCallAtMs === undefined ? "none" : formatInstant(ledger.lastCallAtMs)],
    ["calls under way", inGroups(ledger.callsUnderWay)],
    ["brake", brakeText(ledger)],
    ...(ledger.rampRemainingMs > 0
      ? [["ramp after a hold", `on, full rate in ${formatDuration(ledger.rampRemainingMs)}`] as const]
      : []),
    ["limit answers in 24 h", `${ledger.strikes} of at most ${strikesPerDay}`],
    ["replicas seen", `${ledger.replicas.length}; the quota can feed ${usefulReplicas(ledger.windows)}`],
    ...remarks(ledger).map((remark): Row => ["note", remark]),
  ];
}

/** Spend for a person. */
export function spendRow({ day: { period, calls, tenThousandths } }: CurrentFigures): Row {
  return ["spent today", `${formatPrice(tenThousandths)} CNY for ${inGroups(calls)} calls (${period})`];
}

/** Calls under way count as long as they may still arrive, so that a window can hold more than its calls. */
function windowText(window: WindowOverview, { callsUnderWay }: LedgerOverview): string {
  const { calls, effective } = window;
  const used = Math.max(0, window.used - callsUnderWay);
  const underWay = callsUnderWay === 0 ? "" : `, ${inGroups(callsUnderWay)} under way`;
  const usage = `${inGroups(used)} used, ${Math.round((used / calls) * 100)} %${underWay}`;
  if (effective >= calls) return `${usage}, ${inGroups(marginOf(window))} left`;
  const admitted = inGroups(rounded(effective));
  return `${usage}; limit answers leave ${admitted}, of which ${inGroups(rounded(marginOf(window)))} left`;
}

function setQuotaRows({ setQuota }: LedgerOverview): Row[] {
  if (setQuota === undefined) return [];
  const { by, atMs, reason } = setQuota;
  return [["quota set", `by ${by}, ${formatInstant(atMs)}: ${reason}`]];
}

function permitWaitText({ permitWaitMs }: Forecast): string {
  if (permitWaitMs === undefined) return "calls are held";
  return permitWaitMs === 0 ? "none" : `${formatDuration(permitWaitMs)} at least`;
}

function spacingText({ spacingMs }: LedgerOverview): string {
  return spacingMs < 1_000 ? `${spacingMs.toFixed(1)} ms` : formatDuration(spacingMs);
}

function brakeText({ brakeRemainingMs, patienceRemainingMs }: LedgerOverview): string {
  const brake = brakeRemainingMs > 0 ? `on for ${formatDuration(brakeRemainingMs)}` : "off";
  if (patienceRemainingMs === 0) return brake;
  return `${brake}; no call for ${formatDuration(patienceRemainingMs)}`;
}

function holdRows({ holds, strikes, replicas }: LedgerOverview, strikesPerDay: number): Row[] {
  const ownHolds = replicas.flatMap(({ hold }) => hold ?? []);
  const rows = [...holds, ...ownHolds].map((hold): Row => [`hold: ${hold.kind}`, formatHold(hold)]);
  if (strikes >= strikesPerDay) rows.push(["hold: strikes", "one limit answer more might bring a ban"]);
  return rows.length === 0 ? [["holds", "none"]] : rows;
}

function remarks(ledger: LedgerOverview): string[] {
  return [
    ...(ledger.isInUse ? [] : ["no replica was heard of in the last minute; windows as configured here"]),
    ...(ledger.quotasDisagree ? ["replicas run with different ALIPAY_QUOTA; the strictest counts"] : []),
    ...(ledger.isPastUnknown ? ["earlier calls may be missing on record, so windows fill more slowly"] : []),
  ];
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
