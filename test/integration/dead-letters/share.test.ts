import { expect, it } from "vitest";
import { startPipeline } from "../../support/start-pipeline.ts";
import { RisklineProcess } from "../../unit/cli/riskline-process.ts";
import { bodies, expectAnswers, expectLetters, ids, PATIENT_MS } from "./installation.ts";

const QUOTA_PER_SECOND = 40;
const SHARE = 0.1;
/** A letter may cost four calls, so its budget holds as many at once. */
const BURST = 4;

interface Call {
  readonly isReplayed: boolean;
  readonly atMs: number;
}

const replayedOf = (calls: readonly Call[]): number => calls.filter(({ isReplayed }) => isReplayed).length;

/** By the clock: a slow machine makes the stretch longer, and the bound no tighter. */
function mostReplayed(calls: readonly Call[]): number {
  const seconds = ((calls.at(-1)?.atMs ?? 0) - (calls[0]?.atMs ?? 0)) / 1_000;
  return SHARE * QUOTA_PER_SECOND * seconds + BURST;
}

/** An installation that knows when its gateway was called for what, with dead letters that no call was made for. */
async function calledFor(letters: readonly string[]) {
  const calls: Call[] = [];
  const pipeline = await startPipeline({
    leavesDeadLetters: true,
    env: { ALIPAY_QUOTA: `${QUOTA_PER_SECOND}/1s` },
    sandbox: {
      quota: [{ calls: QUOTA_PER_SECOND, windowMs: 1_000 }],
      script: (id) => {
        calls.push({ isReplayed: id.startsWith("dead"), atMs: performance.now() });
        return undefined;
      },
    },
  });
  await pipeline.startWorker();
  // With a routing key that no queue takes.
  await pipeline.publish(bodies(letters), { lane: "nowhere" });
  await expectLetters(pipeline, letters.length);
  return { calls, pipeline };
}

it(
  "a replay takes its share and no more, also of an idle quota; live traffic has the rest at once",
  { timeout: PATIENT_MS },
  async () => {
    const letters = ids("dead", 200);
    const { calls, pipeline } = await calledFor(letters);
    const args = ["dead-letters", "replay", "--all", "--share", "10%", "--yes"];
    const replay = new RisklineProcess(args, { env: pipeline.env });

    await expect.poll(() => calls.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(30);
    const alone = [...calls];
    expect(alone.length).toBeLessThanOrEqual(mostReplayed(alone));

    const live = ids("live", 8 * QUOTA_PER_SECOND);
    await pipeline.publish(bodies(live));
    await expectAnswers(pipeline, live);
    replay.signal("SIGINT");
    const { status, stderr } = await replay.end();
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("stopped by SIGINT"),
    });

    const both = calls.slice(
      calls.findIndex(({ isReplayed }) => !isReplayed),
      calls.findLastIndex(({ isReplayed }) => !isReplayed) + 1,
    );
    expect(replayedOf(both)).toBeLessThanOrEqual(Math.min(mostReplayed(both), SHARE * both.length + BURST));
    const { answers, quota } = pipeline.sandbox.report();
    expect(Object.keys(answers)).toEqual(["10000"]);
    expect(quota).toMatchObject([{ isExceeded: false }]);
  },
);
