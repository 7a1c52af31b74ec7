import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { inGroups } from "../in-groups.ts";
import type { CheckReport } from "./check-sources.ts";
import type { Publication } from "./publish-sources.ts";

interface FormatFlags {
  readonly json?: true;
}

/** What a check found, for a person or as JSON. */
export function formatCheck({ checked, problems }: CheckReport, { json }: FormatFlags): string {
  if (json) return formatJson({ checked, refused: problems.count, problems: problems.listed });
  const rows = fitRows([
    ["checked", inGroups(checked)],
    ["a worker would refuse", inGroups(problems.count)],
  ]);
  return problems.count === 0 ? rows : `${rows}\n${problems.format()}`;
}

/** What was published, for a person or as JSON. */
export function formatPublication(publication: Publication, { json }: FormatFlags): string {
  const { report, exchange, routingKey, seconds, settledRecords, isComplete } = publication;
  const { published, bytes, repeated, refused } = report;
  const perSecond = seconds === 0 ? 0 : published / seconds;
  if (json) {
    return formatJson({
      published,
      refused: refused.count,
      repeated,
      bytes,
      seconds: round(seconds, 3),
      perSecond: round(perSecond, 1),
      exchange,
      routingKey,
      isComplete,
      nextSkip: settledRecords,
      problems: refused.listed,
    });
  }
  return fitRows([
    ["published", `${inGroups(published)} to ${exchange}, ${routingKey}`],
    ["refused", inGroups(refused.count)],
    ["published again", inGroups(repeated)],
    ["bytes", inGroups(bytes)],
    ["seconds", inGroups(round(seconds, 1))],
    ["per second", inGroups(round(perSecond, perSecond < 100 ? 1 : 0))],
  ]);
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
