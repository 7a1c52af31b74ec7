import { setTimeout as sleep } from "node:timers/promises";
import { sampleBody } from "../../support/sample-transaction.ts";
import { LEDGER_RULES } from "../../../shared/redis/ledger/ledger-rules.ts";
import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const QUOTA = "20/1s";
const FREEZE_HOURS = 1;
/** When enough was seen of the freeze, its end is moved here, from now on. */
const ENDS_IN_MS = 5_000;
/** A ledger that knows nothing lets no call through for about five seconds: a freeze that is lost shows later. */
const NEW_LEDGER_WAITS_SECONDS = 8;
const STOPPED_WITHIN_MS = 1_000;
const PROBED_WITHIN_MS = 30_000;
/** What needs no call is behind a backlog that moves to the waiting queue first. */
const ANSWERED_WITHIN_MS = 30_000;
const RAMP = { watchedForMs: 5_000, mostShare: 0.25 };

interface Ban extends Pick<QuotaCase, "name" | "what" | "ownRedis"> {
  /** What happens while calls are frozen. */
  readonly meanwhile: (stage: Stage) => Promise<void>;
}

const BANS: readonly Ban[] = [
  {
    name: "freeze",
    what: "a ban signal to one of 4 replicas",
    meanwhile: async () => undefined,
  },
  {
    name: "freeze-restart",
    what: "the same; all replicas and Redis are killed meanwhile and come back, Redis with its data",
    ownRedis: {},
    meanwhile: async (stage) => {
      await stage.killReplicas();
      await stage.redis.server.kill();
      await stage.redis.server.start();
      await stage.startReplicas();
    },
  },
  {
    name: "freeze-emptied",
    what: "the same; Redis is emptied meanwhile, and the replicas give it back what they remember",
    ownRedis: {},
    meanwhile: async (stage) => {
      await stage.pipeline.redis.flushall();
      await stage.run(NEW_LEDGER_WAITS_SECONDS);
    },
  },
];

/** The gateway bans the application by one answer to one of four replicas. */
export const FREEZE_CASES: readonly QuotaCase[] = BANS.map(({ name, what, ownRedis, meanwhile }) => ({
  name,
  what,
  ownRedis,
  quota: QUOTA,
  replicas: 4,
  env: { FREEZE_HOURS: String(FREEZE_HOURS), SCORE_ABOVE: "100" },
  expectedRefusals: ["isv.app-api-punished"],
  play: (stage) => freeze(stage, meanwhile),
}));

async function freeze(stage: Stage, meanwhile: Ban["meanwhile"]): Promise<void> {
  const { arrivals } = stage;
  await stage.run(2);
  const before = arrivals.between(0).length;
  stage.answerNext("punished");
  await arrivals.comesTo(() => arrivals.between(0).length > before, 10_000);
  const bannedAtMs = arrivals.between(0)[before] ?? performance.now();

  await answerWithoutCall(stage, "at once");
  await meanwhile(stage);
  await answerWithoutCall(stage, "afterwards");
  await stage.run(stoppedWithinMs(stage) / 1_000);

  const endsAtMs = await endFreeze(stage);
  const isOver = (): boolean => arrivals.between(endsAtMs).length > 0;
  const isProbed = await arrivals.comesTo(isOver, ENDS_IN_MS + PROBED_WITHIN_MS);
  stage.promise(isProbed, "nobody probed when the freeze was over");
  await sleep(RAMP.watchedForMs);
  judgeFreeze(stage, bannedAtMs, endsAtMs);
}

/** Calls that were under way at the ban arrive later where the machine stands still. */
const stoppedWithinMs = ({ extent }: Stage): number => STOPPED_WITHIN_MS + extent.lateMs;

/**
 * Checks how long the freeze would have lasted, and that nothing was permitted in it, by Redis' clock; shortens it, and gives
 * the moment of its end on our clock.
 */
async function endFreeze({ pipeline, promise }: Stage): Promise<number> {
  const { redis, ledger } = pipeline;
  const [setAt = NaN, until = NaN] = (await redis.hmget(ledger.freeze, "setAt", "until")).map(Number);
  const hours = (until - setAt) / 3_600_000;
  promise(Math.abs(hours - FREEZE_HOURS) < 0.001, `a freeze of ${hours} hours`);
  const lastStart = Number(await redis.hget(ledger.state, "lastStart"));
  promise(
    lastStart <= setAt + LEDGER_RULES.HORIZON_MS,
    `a permit for ${lastStart - setAt} ms after the freeze was written`,
  );
  // Before Redis is asked, so that its end is later on our clock than on Redis'.
  const nowMs = performance.now();
  const [seconds = 0, microseconds = 0] = await redis.time();
  await redis.hset(ledger.freeze, "until", seconds * 1_000 + microseconds / 1_000 + ENDS_IN_MS);
  return nowMs + ENDS_IN_MS;
}

function judgeFreeze(stage: Stage, bannedAtMs: number, endsAtMs: number): void {
  const { arrivals, figures } = stage;
  const late = arrivals.between(bannedAtMs, bannedAtMs + STOPPED_WITHIN_MS);
  figures["callsWithinASecondOfTheBan"] = late.length;
  const broke = arrivals.between(bannedAtMs + stoppedWithinMs(stage), endsAtMs);
  stage.promise(
    broke.length === 0,
    `${broke.length} calls in the freeze, the first ${((broke[0] ?? 0) - bannedAtMs).toFixed(0)} ms after the ban`,
  );
  const [probeMs = Infinity, secondMs = Infinity] = arrivals.between(endsAtMs);
  figures["probeAfterTheFreezeMs"] = probeMs - endsAtMs;
  figures["secondCallAfterTheProbeMs"] = secondMs - probeMs;
  // No answer takes less than 45 ms: who calls sooner did not wait for it.
  stage.promise(
    secondMs - probeMs >= 45,
    `a second call ${(secondMs - probeMs).toFixed(0)} ms after the probe`,
  );
  const ramp = arrivals.between(probeMs, probeMs + RAMP.watchedForMs).length;
  const most = (RAMP.mostShare * stage.sustainedRate * RAMP.watchedForMs) / 1_000;
  figures["callsInTheRampsFirstSeconds"] = ramp;
  stage.promise(
    ramp > 0 && ramp <= most,
    `${ramp} calls in the first 5 s after the probe, 1 to ${most} expected`,
  );
}

/** One that is too small to be scored gets its answer while all calls are held. */
async function answerWithoutCall(stage: Stage, when: string): Promise<void> {
  const { collector } = stage.pipeline;
  const transactionId = `small-${when.replace(" ", "-")}`;
  const startedAtMs = performance.now();
  await stage.pipeline.publish([
    sampleBody({ transactionId, userId: transactionId, amount: { value: "50.00", currency: "CNY" } }),
  ]);
  const isAnswered = await collector
    .until((c) => c.resultsById.has(transactionId), AbortSignal.timeout(ANSWERED_WITHIN_MS))
    .then(
      () => true,
      () => false,
    );
  stage.figures[`answeredWithoutCall, ${when}, ms`] = performance.now() - startedAtMs;
  stage.promise(isAnswered, `what needs no call was not answered in the freeze, ${when}`);
}
