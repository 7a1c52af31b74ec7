import type { PlanReport, Step } from "./plan-report.ts";

/** One line, or one area, of a picture. */
interface Curve {
  readonly name: string;
  readonly style: "arrived" | "calls" | "limited" | "backlog";
  readonly valueOf: (step: Step) => number;
}

interface Panel {
  readonly title: string;
  readonly top: number;
  readonly isFilled: boolean;
  readonly curves: readonly Curve[];
}

const WIDTH = 960;
const LEFT = 76;
const RIGHT = 24;
const PANEL_HEIGHT = 190;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const TOPS = { rates: 104, backlog: 360 };
const HEIGHT = TOPS.backlog + PANEL_HEIGHT + 52;
/** Legend entries stand so far apart. */
const LEGEND_STEP = 130;
const TICKS = 5;
/** More of the arrivals has no room above the picture. */
const LONGEST_TEXT = 50;
/** The eye tells apart no more columns than there are pixels. */
const MOST_POINTS = 720;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Colours that stand out on white and on black, and for those who confuse red and green. */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; background: #fff; color: #1b1f24 }
  text { fill: currentColor } .title { font-size: 17px; font-weight: 600 } .quiet { opacity: .7 }
  .grid { stroke: currentColor; stroke-opacity: .16 } .axis { stroke: currentColor; stroke-opacity: .6 }
  .curve { fill: none; stroke-width: 1.6; stroke-linejoin: round }
  .arrived { stroke: #0969da } .calls { stroke: #bc4c00 } .limited { stroke: #a40e77 } .backlog { stroke: #6e40c9 }
  .area { stroke: none; fill: #6e40c9; fill-opacity: .22 }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #e6edf3 }
    .arrived { stroke: #58a6ff } .calls { stroke: #f0883e } .limited { stroke: #f778ba } .backlog { stroke: #bc8cff }
    .area { fill: #bc8cff }
  }`;

/** Draws arrivals, calls and backlog over time as an SVG that needs nothing else, for light and dark pages. */
export function drawPlan(report: PlanReport): string {
  const series = thinned(report.series);
  const stepMs = (series[1]?.atMs ?? MINUTE_MS) - (series[0]?.atMs ?? 0);
  const endMs = (series.at(-1)?.atMs ?? 0) + stepMs;
  const per = stepMs < MINUTE_MS ? SECOND_MS : MINUTE_MS;
  const rate = (count: number): number => (count * per) / stepMs;
  const panels: readonly Panel[] = [
    {
      title: `per ${per === SECOND_MS ? "second" : "minute"}`,
      top: TOPS.rates,
      isFilled: false,
      curves: [
        { name: "arrivals", style: "arrived", valueOf: ({ arrived }) => rate(arrived) },
        { name: "calls", style: "calls", valueOf: ({ calls }) => rate(calls) },
        { name: "limit answers", style: "limited", valueOf: ({ limitAnswers }) => rate(limitAnswers) },
      ],
    },
    {
      title: "transactions without an outcome",
      top: TOPS.backlog,
      isFilled: true,
      curves: [{ name: "backlog", style: "backlog", valueOf: ({ backlog }) => backlog }],
    },
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">`,
    `<title id="title">Riskline plan: arrivals, calls and backlog</title>`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${LEFT}" y="30">${escaped(headline(report))}</text>`,
    `<text class="quiet" x="${LEFT}" y="50">${escaped(subtitle(report))}</text>`,
    ...panels.map((panel) => drawPanel(panel, series, endMs)),
    `</svg>\n`,
  ].join("\n");
}

function headline({ transactions, calls, quota }: PlanReport): string {
  return `${inGroups(transactions.arrived)} transactions, ${inGroups(calls.made)} calls, quota ${quota}`;
}

function subtitle({ arrivals, replicas, strikes, calls }: PlanReport): string {
  const limits = `${calls.limitAnswers} limit answers (at most ${strikes.most} in 24 h, ${strikes.allowed} allowed)`;
  return `arrivals ${shortened(arrivals)}, ${replicas} ${replicas === 1 ? "replica" : "replicas"}, ${limits}`;
}

function drawPanel({ title, top, isFilled, curves }: Panel, series: readonly Step[], endMs: number): string {
  const most = Math.max(1, ...curves.flatMap(({ valueOf }) => series.map(valueOf)));
  const tick = roundStep(most / TICKS);
  const highest = Math.ceil(most / tick) * tick;
  const x = (ms: number): number => LEFT + (ms / endMs) * PLOT_WIDTH;
  const y = (value: number): number => top + PANEL_HEIGHT * (1 - value / highest);
  const parts = [`<text class="quiet" x="${LEFT}" y="${top - 30}">${title}</text>`];
  for (let value = 0; value <= highest; value += tick) parts.push(drawLevel(value, y(value)));
  parts.push(...drawTimes(endMs, top + PANEL_HEIGHT, x));
  for (const [place, curve] of curves.entries()) {
    const points = series.map((step) => `${fixed(x(step.atMs))},${fixed(y(curve.valueOf(step)))}`).join(" ");
    if (isFilled) {
      const [from, to] = [x(0), x(series.at(-1)?.atMs ?? 0)].map(fixed);
      parts.push(`<polygon class="area" points="${from},${y(0)} ${points} ${to},${y(0)}"/>`);
    }
    parts.push(`<polyline class="curve ${curve.style}" points="${points}"/>`);
    parts.push(drawLegend(curve, LEFT + place * LEGEND_STEP, top - 14));
  }
  return parts.join("\n");
}

function drawLevel(value: number, y: number): string {
  const right = WIDTH - RIGHT;
  const line = `<line class="${value === 0 ? "axis" : "grid"}" x1="${LEFT}" x2="${right}" y1="${fixed(y)}" y2="${fixed(y)}"/>`;
  return `${line}<text x="${LEFT - 8}" y="${fixed(y + 4)}" text-anchor="end">${inGroups(value)}</text>`;
}

const TIME_STEPS_MS = [1, 2, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400]
  .map((seconds) => seconds * SECOND_MS)
  .concat([2, 5, 10].map((days) => days * 24 * HOUR_MS));
const MOST_TIMES = 13;

function drawTimes(endMs: number, bottom: number, x: (ms: number) => number): string[] {
  const stepMs = TIME_STEPS_MS.find((ms) => endMs / ms < MOST_TIMES) ?? endMs;
  const times: string[] = [];
  for (let ms = 0; ms <= endMs; ms += stepMs) {
    const at = fixed(x(ms));
    times.push(`<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}"/>`);
    times.push(`<text x="${at}" y="${bottom + 20}" text-anchor="middle">${clockText(ms, stepMs)}</text>`);
  }
  times.push(`<text class="quiet" x="${LEFT}" y="${bottom + 38}">time (${clockUnit(stepMs)})</text>`);
  return times;
}

function clockText(ms: number, stepMs: number): string {
  if (stepMs < MINUTE_MS) return String(ms / SECOND_MS);
  if (stepMs < HOUR_MS) return String(ms / MINUTE_MS);
  return String(ms / HOUR_MS);
}

function clockUnit(stepMs: number): string {
  if (stepMs < MINUTE_MS) return "seconds";
  return stepMs < HOUR_MS ? "minutes" : "hours";
}

function drawLegend({ name, style }: Curve, x: number, y: number): string {
  const line = `<line class="curve ${style}" x1="${x}" x2="${x + 22}" y1="${y}" y2="${y}"/>`;
  return `${line}<text x="${x + 28}" y="${y + 4}">${name}</text>`;
}

/** 1, 2 or 5 times a power of ten, not below. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10);
}

/** Neighbouring steps together, where there are more than can be seen. */
function thinned(series: readonly Step[]): Step[] {
  const together = Math.ceil(series.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(series.length / together) || 0 }, (_, place) => {
    const group = series.slice(place * together, (place + 1) * together);
    const sum = (valueOf: (step: Step) => number): number =>
      group.reduce((total, step) => total + valueOf(step), 0) * (together / group.length);
    return {
      atMs: group[0]?.atMs ?? 0,
      arrived: sum(({ arrived }) => arrived),
      calls: sum(({ calls }) => calls),
      limitAnswers: sum(({ limitAnswers }) => limitAnswers),
      settled: sum(({ settled }) => settled),
      backlog: group.at(-1)?.backlog ?? 0,
    };
  });
}

const shortened = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;

const fixed = (value: number): string => value.toFixed(1);

const inGroups = (value: number): string => value.toLocaleString("en-US");

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
