import { admittedCalls } from "./admitted-calls.ts";
import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const FULL_RATE_BACK_AFTER_MS = 60_000;
const WATCHED_FOR_MS = 300_000;
const LOOK_EVERY_SECONDS = 0.2;
const LEAST_UTILISATION = 0.9;
/** A brake does not stop calls, whatever else the machine does. */
const SOME_UTILISATION = 0.05;
/** The workers' own default; the sandbox bans at the twentieth. */
const STRIKE_BUDGET = 10;

/** The gateway lowers its limit to a third and tells nobody, but by refusing. */
export const BRAKE_CASES: readonly QuotaCase[] = (["limited", "throttled"] as const).map((scenario) => ({
  name: scenario,
  what: `the gateway lowers its limit to a third; it says so by ${scenario === "limited" ? "40005" : "HTTP 429"} only`,
  quota: "30/1s",
  replicas: 3,
  expectedRefusals: ["isv.app-call-limited"],
  async play(stage) {
    await stage.run(4);
    stage.pipeline.sandbox.setScenario(scenario);
    await quietMinute(stage);
    const used = await useOfTheLoweredLimit(stage);
    const { strikes, isBanned } = stage.pipeline.sandbox.report().ban;
    // Where the machine stands still, so many are under way when the limit falls that their refusals end the day.
    const isSpent = stage.extent.slack > 0 && strikes === STRIKE_BUDGET;
    const promised = isSpent ? 0 : Math.max(SOME_UTILISATION, LEAST_UTILISATION - stage.extent.slack);
    stage.promise(used >= promised, `${(100 * used).toFixed(1)} % of the lowered limit used`);
    stage.figures["strikes"] = strikes;
    stage.promise(!isBanned, "banned");
    stage.promise(strikes <= STRIKE_BUDGET, `${strikes} limit answers, ${STRIKE_BUDGET} were allowed`);
  },
}));

/** Waits until a minute has passed since the last limit answer. */
async function quietMinute(stage: Stage): Promise<void> {
  const fromMs = performance.now();
  let [strikes, lastMs] = [0, fromMs];
  while (strikes === 0 || performance.now() - lastMs < FULL_RATE_BACK_AFTER_MS) {
    if (performance.now() - fromMs > WATCHED_FOR_MS) {
      stage.promise(false, "no minute went by without a limit answer");
      return;
    }
    await stage.run(LOOK_EVERY_SECONDS);
    const now = stage.pipeline.sandbox.report().ban.strikes;
    if (now !== strikes) [strikes, lastMs] = [now, performance.now()];
  }
  stage.figures["limitedForSeconds"] = (lastMs - fromMs) / 1_000;
}

/** How much is made of it, from 0 to 1. */
async function useOfTheLoweredLimit(stage: Stage): Promise<number> {
  const lowered = stage.quota.map(({ calls, windowMs }) => ({ calls: Math.floor(calls / 3), windowMs }));
  const fromMs = performance.now();
  await stage.run(stage.extent.seconds);
  const toMs = performance.now();
  const admitted = admittedCalls(lowered, stage.arrivals.between(0, fromMs), fromMs, toMs);
  const used = stage.arrivals.between(fromMs, toMs).length / admitted;
  stage.figures["useOfTheLoweredLimit"] = used;
  return used;
}
