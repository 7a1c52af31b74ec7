import type { PlanReport, Step } from "../../plan/plan-report.ts";
import { inGroups } from "../in-groups.ts";
import { formatClock } from "./format-clock.ts";
import { BOTTOM_LABELS, drawPanel, PLOT, type Panel } from "./draw-panel.ts";
import { thinned } from "./thinned.ts";

const TOPS = { rates: 118, backlog: 398 };
const HEIGHTS = { rates: 200, backlog: 160 };
const HEIGHT = TOPS.backlog + HEIGHTS.backlog + BOTTOM_LABELS + 14;
/** More of the arrivals has no room above the picture. */
const LONGEST_TEXT = 50;

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Colours that stand out on white and on black, and for those who confuse red and green. */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; background: #fff; color: #1b1f24 }
  text { fill: currentColor } .title { font-size: 18px; font-weight: 600 } .panel { font-weight: 600 }
  .quiet { opacity: .65 } .number { font-variant-numeric: tabular-nums }
  .grid { stroke: currentColor; stroke-opacity: .12 } .axis { stroke: currentColor; stroke-opacity: .5 }
  .curve { fill: none; stroke-width: 1.75; stroke-linejoin: round }
  .arrived { stroke: #0969da } .calls { stroke: #bc4c00 } .backlog { stroke: #6e40c9 }
  .quota { stroke: currentColor; stroke-opacity: .6; stroke-dasharray: 5 4; stroke-width: 1.25 }
  .limited { stroke: #a40e77; stroke-width: 2 }
  .area { stroke: none; fill: #6e40c9; fill-opacity: .16 } .peak { fill: #6e40c9 }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #e6edf3 }
    .arrived { stroke: #58a6ff } .calls { stroke: #f0883e } .backlog { stroke: #bc8cff } .limited { stroke: #f778ba }
    .area { fill: #bc8cff } .peak { fill: #bc8cff }
  }`;

/** Draws arrivals, calls and backlog over time as an SVG that needs nothing else, for light and dark pages. */
export function drawPlan(report: PlanReport): string {
  const series = thinned(report.series);
  const stepMs = (series[1]?.atMs ?? MINUTE_MS) - (series[0]?.atMs ?? 0);
  const perMs = stepMs < MINUTE_MS ? SECOND_MS : MINUTE_MS;
  const panels = [ratesPanel(report, perMs, stepMs), backlogPanel(report)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PLOT.width} ${HEIGHT}" role="img" aria-labelledby="title">`,
    `<title id="title">Riskline plan: arrivals, calls and backlog</title>`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${PLOT.left}" y="34">${escaped(headline(report))}</text>`,
    `<text class="quiet" x="${PLOT.left}" y="56">${escaped(subtitle(report))}</text>`,
    ...panels.map((panel) => drawPanel(panel, series, stepMs)),
    `</svg>\n`,
  ].join("\n");
}

function ratesPanel({ callsPerSecond }: PlanReport, perMs: number, stepMs: number): Panel {
  const rate = (count: number): number => (count * perMs) / stepMs;
  return {
    title: `per ${perMs === SECOND_MS ? "second" : "minute"}`,
    top: TOPS.rates,
    height: HEIGHTS.rates,
    curves: [
      { name: "arrivals", style: "arrived", within: 0.5, valueOf: ({ arrived }: Step) => rate(arrived) },
      { name: "calls", style: "calls", within: 0.5, valueOf: ({ calls }: Step) => rate(calls) },
    ],
    level: { name: "sustained by the quota", value: (callsPerSecond.quota * perMs) / SECOND_MS },
    marks: { name: "limit answers", isAt: ({ limitAnswers }) => limitAnswers > 0 },
  };
}

function backlogPanel({ backlog: { most, mostAtMs } }: PlanReport): Panel {
  return {
    title: "transactions without an outcome",
    top: TOPS.backlog,
    height: HEIGHTS.backlog,
    curves: [
      { name: "backlog", style: "backlog", isFilled: true, within: 1, valueOf: ({ backlog }) => backlog },
    ],
    peak: { value: most, atMs: mostAtMs, text: `${inGroups(most)} at ${formatClock(mostAtMs)}` },
  };
}

function headline({ transactions, calls, quota }: PlanReport): string {
  return `${inGroups(transactions.arrived)} transactions, ${inGroups(calls.made)} calls, quota ${quota}`;
}

function subtitle({ arrivals, replicas, strikes, calls }: PlanReport): string {
  const limits = `${calls.limitAnswers} limit answers (at most ${strikes.most} in 24 h, ${strikes.allowed} allowed)`;
  return `arrivals ${shortened(arrivals)}, ${replicas} ${replicas === 1 ? "replica" : "replicas"}, ${limits}`;
}

const shortened = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
