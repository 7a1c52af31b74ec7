import { formatInstant } from "../../shared/domain/instant.ts";
import { boundedLine } from "../../shared/process/bounded-line.ts";
import type { FailureSummary } from "../../shared/redis/failure-list.ts";
import { fitCompactRows } from "./fit-rows.ts";
import { formatDuration } from "./format-duration.ts";
import { inGroups } from "./in-groups.ts";

type Row = readonly [name: string, value: string];

const MOST_SHOWN = 5;

/** What went wrong lately, for a person: the newest first, under a line of their own. */
export function formatFailures(failures: readonly FailureSummary[], nowMs: number, columns?: number): string {
  if (failures.length === 0) return "latest errors  none\n";
  return `latest errors\n${fitCompactRows(rowsOf(failures, nowMs), columns)}`;
}

function rowsOf(failures: readonly FailureSummary[], nowMs: number): Row[] {
  const rows = failures.slice(0, MOST_SHOWN).map((failure): Row => [nameOf(failure), textOf(failure, nowMs)]);
  const more = failures.length - rows.length;
  return more === 0 ? rows : [...rows, ["more", `${more} other sorts; --json lists them`]];
}

/** The same as JSON has it. */
export const failuresJson = (failures: readonly FailureSummary[]) =>
  failures.map(({ event, reason, code, detail, transactionId, count, firstAtMs, atMs, worker }) => ({
    event,
    reason: reason ?? null,
    code: code ?? null,
    detail: detail ?? null,
    transactionId: transactionId ?? null,
    count,
    firstAt: formatInstant(firstAtMs),
    lastAt: formatInstant(atMs),
    worker,
  }));

const nameOf = ({ event, reason }: FailureSummary): string =>
  boundedLine(reason === undefined ? event : `${event}: ${reason}`);

function textOf({ count, atMs, code, detail, transactionId }: FailureSummary, nowMs: number): string {
  const when = `${inGroups(count)} ×, ${formatDuration(Math.max(1_000, nowMs - atMs))} ago`;
  const what = [code, detail].filter(Boolean).join("; ");
  const which = transactionId === undefined ? "" : ` (${transactionId})`;
  return boundedLine(`${when}${what === "" ? "" : `: ${what}`}${which}`);
}
