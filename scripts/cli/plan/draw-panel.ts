import type { Step } from "../../plan/plan-report.ts";
import { inGroups } from "../in-groups.ts";

/** One line over time. */
interface Curve {
  readonly name: string;
  /** Its class. */
  readonly style: string;
  readonly isFilled?: boolean;
  /** Where in a step its value holds: 0 at its beginning, 1 at its end. */
  readonly within: number;
  readonly valueOf: (step: Step) => number;
}

/** One of the pictures under each other. */
export interface Panel {
  readonly title: string;
  readonly top: number;
  readonly height: number;
  readonly curves: readonly Curve[];
  /** A dashed line. */
  readonly level?: { readonly name: string; readonly value: number };
  /** What is too rare to be seen as a curve. */
  readonly marks?: { readonly name: string; readonly isAt: (step: Step) => boolean };
  readonly peak?: { readonly value: number; readonly atMs: number; readonly text: string };
}

/** Where the plots lie. */
export const PLOT = { width: 960, left: 76, right: 936 } as const;
/** What stands below a plot needs this much room. */
export const BOTTOM_LABELS = 44;

const TICKS = 5;
const MARK_HEIGHT = 12;
const SWATCH = 20;
/** Of a character in a legend, and from one entry to the next. */
const LEGEND = { character: 7.1, gap: 26, indent: SWATCH + 8 };

/** How values and moments lie on the picture. */
interface Scale {
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
}

/** `stepMs`: from one step of the series to the next. */
export function drawPanel(panel: Panel, series: readonly Step[], stepMs: number): string {
  const endMs = (series.at(-1)?.atMs ?? 0) + stepMs;
  const { title, top, height, curves, level, peak } = panel;
  const values = curves.flatMap(({ valueOf }) => series.map(valueOf));
  const tick = roundStep(Math.max(1, level?.value ?? 0, peak?.value ?? 0, ...values) / TICKS);
  const highest = Math.ceil(Math.max(1, level?.value ?? 0, peak?.value ?? 0, ...values) / tick) * tick;
  const scale: Scale = {
    x: (ms) => PLOT.left + (ms / endMs) * (PLOT.right - PLOT.left),
    y: (value) => top + height * (1 - value / highest),
  };
  return [
    `<text class="panel" x="${PLOT.left}" y="${top - 18}">${title}</text>`,
    ...drawLevels(highest, tick, scale),
    ...drawTimes(endMs, top + height, scale),
    ...curves.map((curve) => drawCurve(curve, series, stepMs, scale)),
    ...(level === undefined ? [] : [across("quota", scale.y(level.value))]),
    ...drawMarks(panel, series, scale),
    ...drawPeak(panel, scale),
    ...drawLegend(panel),
  ].join("\n");
}

function drawCurve(
  { style, isFilled, within, valueOf }: Curve,
  series: readonly Step[],
  stepMs: number,
  { x, y }: Scale,
): string {
  const at = (atMs: number): string => fixed(x(atMs + within * stepMs));
  const points = series.map((step) => `${at(step.atMs)},${fixed(y(valueOf(step)))}`).join(" ");
  const line = `<polyline class="curve ${style}" points="${points}"/>`;
  if (isFilled !== true) return line;
  const [from, to] = [at(0), at(series.at(-1)?.atMs ?? 0)];
  return `<polygon class="area" points="${from},${fixed(y(0))} ${points} ${to},${fixed(y(0))}"/>${line}`;
}

function drawLevels(highest: number, tick: number, { y }: Scale): string[] {
  const levels: string[] = [];
  for (let value = 0; value <= highest; value += tick) {
    const at = fixed(y(value) + 4);
    const text = `<text class="number" x="${PLOT.left - 10}" y="${at}" text-anchor="end">${inGroups(value)}</text>`;
    levels.push(across(value === 0 ? "axis" : "grid", y(value)) + text);
  }
  return levels;
}

const across = (style: string, y: number): string =>
  `<line class="${style}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${fixed(y)}" y2="${fixed(y)}"/>`;

/** Each step of the time axis, and what it is counted in. */
const TIME_STEPS = [
  { unit: "seconds", unitMs: 1_000, counts: [1, 2, 5, 10, 30] },
  { unit: "minutes", unitMs: 60_000, counts: [1, 5, 10, 30] },
  { unit: "hours", unitMs: 3_600_000, counts: [1, 2, 3, 6, 12] },
  { unit: "days", unitMs: 86_400_000, counts: [1, 2, 5, 10, 30, 100] },
].flatMap(({ counts, ...unit }) => counts.map((count) => ({ ...unit, stepMs: count * unit.unitMs })));
const MOST_TIMES = 13;

function drawTimes(endMs: number, bottom: number, { x }: Scale): string[] {
  const step = TIME_STEPS.find(({ stepMs }) => endMs / stepMs < MOST_TIMES) ?? TIME_STEPS.at(-1);
  if (step === undefined) return [];
  const times = [
    `<text class="quiet" x="${PLOT.right}" y="${bottom + 38}" text-anchor="end">${step.unit}</text>`,
  ];
  for (let ms = 0; ms <= endMs; ms += step.stepMs) {
    const at = fixed(x(ms));
    times.push(`<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}"/>`);
    times.push(
      `<text class="number" x="${at}" y="${bottom + 20}" text-anchor="middle">${ms / step.unitMs}</text>`,
    );
  }
  return times;
}

function drawMarks({ marks, top }: Panel, series: readonly Step[], { x }: Scale): string[] {
  if (marks === undefined) return [];
  return series.filter(marks.isAt).map(({ atMs }) => drawMark(fixed(x(atMs)), top));
}

const drawMark = (x: string, top: number): string =>
  `<line class="limited" x1="${x}" x2="${x}" y1="${top}" y2="${top + MARK_HEIGHT}"/>`;

function drawPeak({ peak, top, height }: Panel, { x, y }: Scale): string[] {
  if (peak === undefined || peak.value === 0) return [];
  const [atX, atY] = [x(peak.atMs), y(peak.value)];
  const isLeft = atX < (PLOT.left + PLOT.right) / 2;
  const text = `x="${fixed(atX + (isLeft ? 9 : -9))}" y="${fixed(Math.min(atY - 5, top + height - 8))}"`;
  return [
    `<circle class="peak" cx="${fixed(atX)}" cy="${fixed(atY)}" r="3.5"/>`,
    `<text class="number" ${text} text-anchor="${isLeft ? "start" : "end"}">${peak.text}</text>`,
  ];
}

/** On the line of the title, from the right; of a single curve the title says enough. */
function drawLegend({ curves, level, marks, top }: Panel): string[] {
  const y = top - 22;
  const line = (style: string) => (x: number) =>
    `<line class="${style}" x1="${fixed(x)}" x2="${fixed(x + SWATCH)}" y1="${y}" y2="${y}"/>`;
  const entries = [
    ...curves.map(({ name, style }) => ({ name, draw: line(`curve ${style}`) })),
    ...(level === undefined ? [] : [{ name: level.name, draw: line("quota") }]),
    ...(marks === undefined
      ? []
      : [{ name: marks.name, draw: (x: number) => drawMark(fixed(x + SWATCH - 4), y - MARK_HEIGHT / 2) }]),
  ];
  if (entries.length === 1) return [];
  let x = PLOT.right + LEGEND.gap;
  return entries.toReversed().map(({ name, draw }) => {
    x -= LEGEND.gap + name.length * LEGEND.character + LEGEND.indent;
    return `${draw(x)}<text x="${fixed(x + LEGEND.indent)}" y="${top - 18}">${name}</text>`;
  });
}

/** 1, 2 or 5 times a power of ten, not below. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10);
}

const fixed = (value: number): string => value.toFixed(1);
