import { SingleBar } from "cli-progress";

const MOST_PERCENT = 99;

/** Shows on a terminal how far a plan of so many virtual ms is. The aftermath shows as nearly done. */
export function showProgress(durationMs: number): { onStep: (nowMs: number) => void; end: () => void } {
  if (!process.stderr.isTTY) return { onStep: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: "[{bar}] {percentage}% of the plan",
    barsize: 30,
    clearOnComplete: true,
  });
  bar.start(100, 0);
  let shown = 0;
  return {
    onStep: (nowMs) => {
      const percent = Math.min(MOST_PERCENT, Math.floor((100 * nowMs) / durationMs));
      if (percent === shown) return;
      shown = percent;
      bar.update(percent);
    },
    end: () => bar.stop(),
  };
}
