import type { PlanReport, Step } from "../../plan/plan-report.ts";
import { fitRows, isNarrow } from "../fit-rows.ts";
import { formatDuration } from "../format-duration.ts";
import { inGroups } from "../in-groups.ts";
import { formatClock } from "./format-clock.ts";

type Row = readonly [name: string, value: string];

/** A line of the table over time stands for one of these, whichever makes few enough lines. */
const LINE_SECONDS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
const MOST_LINES = 26;
const COLUMNS: readonly { readonly name: string; readonly isLeftOutWhereNarrow?: true }[] = [
  { name: "from" },
  { name: "arrivals" },
  { name: "calls" },
  { name: "limit answers", isLeftOutWhereNarrow: true },
  { name: "results", isLeftOutWhereNarrow: true },
  { name: "backlog" },
];

/** A plan for a person: the sums, then what happens over time. */
export function formatPlan(report: PlanReport): string {
  return `${fitRows([...trafficRows(report), ...quotaRows(report)])}\n${formatSeries(report.series)}`;
}

function trafficRows(report: PlanReport): Row[] {
  const { transactions, latencyMs, calls, backlog, finishedAtMs } = report;
  const { endings } = transactions;
  const withoutCall = endings.cache + endings["below-threshold"];
  const percentiles = [latencyMs.p50, latencyMs.p95, latencyMs.p99, latencyMs.max].map(latencyText);
  return [
    ["transactions", `${inGroups(transactions.arrived)} (${report.arrivals})`],
    ["scored", inGroups(endings.scored)],
    ...(withoutCall === 0 ? [] : [withoutCallRow(endings)]),
    ["dead letters", deadLetterText(endings)],
    ["still waiting", inGroups(transactions.waiting)],
    ["publish to result", `${percentiles.join(", ")} (p50, p95, p99, max)`],
    ["calls", `${inGroups(calls.made)}, of them ${inGroups(calls.retries)} retries`],
    ["cost", `${calls.cost.value} ${calls.cost.currency}`],
    ["largest backlog", `${inGroups(backlog.most)} at ${formatClock(backlog.mostAtMs)}`],
    ["backlog gone", backlogGoneText(report)],
    ["last result", finishedAtMs === null ? "not within 30 days" : `at ${formatClock(finishedAtMs)}`],
  ];
}

function withoutCallRow(endings: PlanReport["transactions"]["endings"]): Row {
  const [cached, small] = [inGroups(endings.cache), inGroups(endings["below-threshold"])];
  return ["without a call", `${cached} from cache, ${small} below the threshold`];
}

function deadLetterText(endings: PlanReport["transactions"]["endings"]): string {
  const [rejected, exhausted] = [endings.rejected, endings["attempts-exhausted"]];
  const total = inGroups(rejected + exhausted);
  if (rejected + exhausted === 0) return total;
  return `${total} (${inGroups(rejected)} rejected, ${inGroups(exhausted)} after all calls)`;
}

function backlogGoneText({ backlog, finishedAtMs }: PlanReport): string {
  if (backlog.goneAtMs === null) return "nobody waited more than 10 s for the first call";
  return finishedAtMs === null ? "not within 30 days" : `at ${formatClock(backlog.goneAtMs)}`;
}

function quotaRows(report: PlanReport): Row[] {
  const { callsPerSecond, strikes, calls, bannedAtMs, replicas, usefulReplicas } = report;
  return [
    ...report.windows.map(({ window, busiest, utilisation }): Row => {
      const text = `${inGroups(busiest)} at the busiest, ${(100 * utilisation).toFixed(1)} % used`;
      return [`window ${window}`, text];
    }),
    [
      "calls per second",
      `at most ${rateText(callsPerSecond.quota)} by the quota, ${rateText(callsPerSecond.strikes)} by LIMIT_STRIKES_PER_DAY ` +
        `(calls under way), ${rateText(callsPerSecond.replicas)} by the replicas`,
    ],
    [
      "limit answers",
      `${inGroups(calls.limitAnswers)}; in 24 h ${strikes.most} of at most ${strikes.allowed}`,
    ],
    ...(bannedAtMs === null ? [] : [["banned", `at ${formatClock(bannedAtMs)}`] as const]),
    ["useful replicas", `${usefulReplicas} (planned: ${replicas})`],
  ];
}

/** The steps summed up to lines. */
function formatSeries(series: readonly Step[]): string {
  const endMs = series.at(-1)?.atMs ?? 0;
  const lineMs = LINE_SECONDS.map((seconds) => seconds * 1_000).find((ms) => endMs / ms < MOST_LINES);
  const groups = Map.groupBy(series, ({ atMs }) => Math.floor(atMs / (lineMs ?? endMs)));
  const isShown = COLUMNS.map(({ isLeftOutWhereNarrow }) => isLeftOutWhereNarrow !== true || !isNarrow());
  const rows = [COLUMNS.map(({ name }) => name), ...[...groups.values()].map(lineOf)].map((row) =>
    row.filter((_, column) => isShown[column]),
  );
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  ")}\n`)
    .join("");
}

function lineOf(group: readonly Step[]): string[] {
  const sum = (valueOf: (step: Step) => number): string =>
    inGroups(group.reduce((total, step) => total + valueOf(step), 0));
  return [
    formatClock(group[0]?.atMs ?? 0),
    sum(({ arrived }) => arrived),
    sum(({ calls }) => calls),
    sum(({ limitAnswers }) => limitAnswers),
    sum(({ settled }) => settled),
    inGroups(group.at(-1)?.backlog ?? 0),
  ];
}

const rateText = (perSecond: number): string => perSecond.toFixed(perSecond < 10 ? 2 : 1);

const latencyText = (ms: number): string =>
  ms < 10_000 ? `${inGroups(Math.round(ms))} ms` : formatDuration(ms);
