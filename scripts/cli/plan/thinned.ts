import type { Step } from "../../plan/plan-report.ts";

/** The eye tells apart no more columns than there are pixels. */
const MOST_POINTS = 720;

/** Neighbouring steps together, where there are more than can be seen. The last, shorter group is scaled up. */
export function thinned(series: readonly Step[]): Step[] {
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
