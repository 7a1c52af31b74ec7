import { expect, it } from "vitest";
import { riskline } from "../../unit/cli/riskline-process.ts";
import {
  bodies,
  deadLetters,
  expectLetters,
  ids,
  installation,
  PATIENT_MS,
  plan,
  replay,
} from "./installation.ts";

it(
  "under a budget that is spent, a forecast says so, and fallbacks are no answers: the canary stops at them",
  { timeout: PATIENT_MS },
  async () => {
    // Three calls: all that it takes to make the dead letters.
    const env = { BUDGET_PER_DAY: "0.06", ALIPAY_CALL_PRICE: "0.02", BUDGET_EXHAUSTED: "fallback" };
    const { pipeline, gateway } = await installation({ env });
    await deadLetters(pipeline, bodies(ids("bad", 3)));
    gateway.isMended = true;
    const budget = { setting: "BUDGET_PER_DAY", callsLeft: 0, whenSpent: "fallback" };
    expect(await plan(pipeline)).toMatchObject({ plan: { calls: 3 }, budget });
    const dry = await riskline(["dead-letters", "replay", "--all", "--dry-run"], { env: pipeline.env });
    expect(dry.stdout).toMatch(
      /^budget +BUDGET_PER_DAY of 0\.06 CNY leaves 0 calls until .*: too few, 3 get a fallback, no score$/m,
    );

    const stopped = await replay(pipeline);
    expect(stopped.end.says).toContain("stopped: 1 of 1 got a fallback, no score");
    expect(stopped.record.counts).toMatchObject({ replayed: 1, answered: 0, fallbacks: 1, failed: 0 });
    await expectLetters(pipeline, 2);

    // Nothing is held: there are fallbacks instead.
    expect((await plan(pipeline)).held).toBeUndefined();
    const { record } = await replay(pipeline, { keepGoing: true });
    expect(record).toMatchObject({ state: "finished", counts: { replayed: 2, answered: 0, fallbacks: 2 } });
  },
);
