import { fitCompactRows } from "../fit-rows.ts";
import { inGroups } from "../in-groups.ts";
import { listCounts, sumOf, verdictsOf } from "./count-outcomes.ts";
import type { DemoSummary, LatencySummary } from "./summary.ts";

type Row = readonly [name: string, value: string];

/** Sources in the order of the path, with the words for them. */
const SOURCES = [
  ["alipay", "scored"],
  ["cache", "from cache"],
  ["below-threshold", "below the threshold"],
  ["fallback", "fallback"],
] as const;

/** The run as a table for a person. */
export function formatSummary(summary: DemoSummary): string {
  const { rows, published, results, deadLetters, seconds, calls, retries, cost, latencyMs } = summary;
  return fitCompactRows([
    ["published", `${inGroups(published)} of ${inGroups(rows)} rows`],
    ...SOURCES.flatMap(([source, words]): Row[] => {
      const verdicts = verdictsOf(results.bySource, source);
      const isWorthIt = sumOf(verdicts) > 0 || source === "alipay" || source === "cache";
      return isWorthIt ? [[words, totalAndParts(verdicts)]] : [];
    }),
    ["dead-lettered", totalAndParts(deadLetters.byReason)],
    ["unaccounted", unaccountedText(summary)],
    ...(summary.deliveredAgain === 0
      ? []
      : [["delivered again", `${inGroups(summary.deliveredAgain)}, with the same content`] as const]),
    ["calls", inGroups(calls)],
    ["retries", inGroups(retries)],
    ["busiest second", busiestText(summary)],
    ["cost", `${cost.value} ${cost.currency}`],
    ["latency", `${latencyText(latencyMs.all)}, from publishing to the result`],
    ["  without a call", latencyText(latencyMs.withoutCall)],
    ["took", `${seconds.toFixed(1)} s`],
  ]);
}

function totalAndParts(counts: Readonly<Partial<Record<string, number>>>): string {
  const total = sumOf(counts);
  return total === 0 ? "0" : `${inGroups(total)}: ${listCounts(counts)}`;
}

function unaccountedText({ unaccounted: { total, first }, queued }: DemoSummary): string {
  if (total === 0) return "none";
  const where = queued === null ? "" : ` (${inGroups(queued)} in queues)`;
  const more = total > first.length ? " …" : "";
  return `${inGroups(total)}${where}: ${first.join(" ")}${more}`;
}

const busiestText = ({ busiestSecond }: DemoSummary): string =>
  busiestSecond === null
    ? "no quota"
    : `${busiestSecond.calls} calls of ${busiestSecond.quota}, by the gateway's clock`;

function latencyText(latency: LatencySummary | null): string {
  if (latency === null) return "no results";
  const { average, p50, p99 } = latency;
  return `average ${formatMs(average)}, p50 ${formatMs(p50)}, p99 ${formatMs(p99)}`;
}

const formatMs = (ms: number): string =>
  ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
