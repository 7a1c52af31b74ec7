import { setImmediate as breathe } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import type { PlanOptions } from "../../plan/plan-options.ts";
import { simulateInSteps, type Simulated } from "../../plan/simulate.ts";

const MOST_PERCENT = 99;
/** Signals are heard, and the bar is drawn, so often. */
const BREATHE_EVERY_MS = 100;

/** Runs a plan, and shows on a terminal how far it is. @throws the reason of `stopped` */
export async function runPlan(options: PlanOptions, stopped: AbortSignal): Promise<Simulated> {
  const progress = showProgress(options.durationMs);
  try {
    const steps = simulateInSteps(options);
    let breatheAtMs = performance.now() + BREATHE_EVERY_MS;
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() < breatheAtMs) continue;
      progress.show(step.value);
      await breathe();
      stopped.throwIfAborted();
      breatheAtMs = performance.now() + BREATHE_EVERY_MS;
    }
  } finally {
    progress.end();
  }
}

/** The aftermath shows as nearly done. */
function showProgress(durationMs: number): { show: (nowMs: number) => void; end: () => void } {
  if (!process.stderr.isTTY) return { show: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: "[{bar}] {percentage}% of the plan",
    barsize: 30,
    clearOnComplete: true,
    gracefulExit: false,
  });
  bar.start(100, 0);
  return {
    show: (nowMs) => bar.update(Math.min(MOST_PERCENT, Math.floor((100 * nowMs) / durationMs))),
    end: () => bar.stop(),
  };
}
