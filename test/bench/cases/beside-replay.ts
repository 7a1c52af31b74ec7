import { fileURLToPath } from "node:url";
import { startCannedGateway } from "../canned-gateway.ts";
import type { BenchCase } from "../bench-case.ts";
import { Contender } from "../contender.ts";
import { Installation } from "../installation.ts";
import { nextBody } from "../next-body.ts";
import { publishInPace } from "../publish-in-pace.ts";
import { quantile } from "../quantile.ts";
import { ResultClock, type TimedResult } from "../result-clock.ts";

const RISKLINE = fileURLToPath(new URL("../../../scripts/cli/riskline.js", import.meta.url));
const GATEWAY_MS = 80;
const QUOTA_PER_SECOND = 40;
const LIVE_PER_SECOND = 25;
const LETTERS = 400;
const SETTINGS = { ALIPAY_QUOTA: `${QUOTA_PER_SECOND}/1s`, LIMIT_STRIKES_PER_DAY: "100" };
/** What the median may lose: a fifth, and more than that would be felt. */
const MOST_TIMES_SLOWER = 1.2;

/** Whether payments wait longer while an operator replays dead letters. */
export const BESIDE_REPLAY: BenchCase = {
  name: "replay",
  what: `${LIVE_PER_SECOND} payments a second on a quota of ${QUOTA_PER_SECOND}/1s, alone and beside a replay with --share 10%`,
  async run({ servers, isQuick, say }) {
    const gateway = await startCannedGateway(GATEWAY_MS);
    const installation = await Installation.create(servers, gateway.url);
    const clock = await ResultClock.start(installation);
    const worker = installation.startWorker(SETTINGS);
    const live = async (): Promise<readonly TimedResult[]> =>
      publishInPace(clock, { perHour: 3_600 * LIVE_PER_SECOND, seconds: isQuick ? 10 : 40 });
    try {
      await clock.answered();
      say("alone");
      const alone = await live();
      for (let letter = 0; letter < LETTERS; letter += 1) {
        installation.publishOne({ ...nextBody(letter), transactionId: `letter-${letter}` }, "nowhere");
      }
      say("beside a replay");
      const beside = await besideReplay(installation, live);
      const called = [...(await gateway.msOfCalls()).keys()];
      const replayed = called.filter((id) => id.startsWith("letter-")).length;
      const times = median(beside) / median(alone);
      return {
        head: ["", "payments", "p50, ms", "p99, ms", "letters replayed"],
        rows: [
          ["alone", ...describe(alone), "0"],
          ["beside a replay", ...describe(beside), String(replayed)],
        ],
        figures: { p50Alone: median(alone), p50Beside: median(beside), replayed },
        goals: [
          {
            what: `the median at most ${MOST_TIMES_SLOWER} times as long`,
            isReached: times <= MOST_TIMES_SLOWER,
          },
          { what: "letters are replayed meanwhile", isReached: replayed > 0 },
        ],
      };
    } finally {
      await worker.end();
      await clock.close();
      await installation.close();
      await gateway.close();
    }
  },
};

async function besideReplay<T>({ env }: Installation, work: () => Promise<T>): Promise<T> {
  const args = ["dead-letters", "replay", "--all", "--share", "10%", "--yes"];
  const replay = new Contender([RISKLINE, ...args], { ...env, ...SETTINGS });
  try {
    return await work();
  } finally {
    await replay.end();
  }
}

const median = (results: readonly TimedResult[]): number =>
  quantile(
    results.map(({ ms }) => ms),
    0.5,
  );

function describe(results: readonly TimedResult[]): string[] {
  const ms = results.map((result) => result.ms);
  return [String(ms.length), quantile(ms, 0.5).toFixed(1), quantile(ms, 0.99).toFixed(1)];
}
