import { newKeyPair } from "../../support/new-key-pair.ts";
import { blockedLoop, preload, wrongClock } from "../../support/preload.ts";
import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const QUOTA = "20/1s";
const REPLICAS = 3;
const KILL_EVERY_SECONDS = 3;
/** Beyond what the gateway tolerates. */
const TEN_MINUTES_MS = 600_000;

/** Something is wrong with replicas, or with one of them. */
export const REPLICA_CASES: readonly QuotaCase[] = [
  ...[2, 15].map((seconds) => ({
    name: `stopped-${seconds}s`,
    what: `one of ${REPLICAS} replicas stopped (SIGSTOP) for ${seconds} s with work in hand`,
    quota: QUOTA,
    replicas: REPLICAS,
    play: (stage: Stage) => stopOne(stage, seconds),
  })),
  {
    name: "killed",
    what: `all of ${REPLICAS} replicas killed (SIGKILL) every ${KILL_EVERY_SECONDS} s and replaced`,
    quota: QUOTA,
    replicas: REPLICAS,
    play: killAllAgainAndAgain,
  },
  ...[10_000, -10_000].map((offByMs) => ({
    name: `clock${offByMs > 0 ? "+" : "-"}10s`,
    what: `the clock of one of ${REPLICAS} replicas off by ${offByMs / 1_000} s`,
    quota: QUOTA,
    replicas: REPLICAS,
    envOfFirst: preload(wrongClock({ offByMs })),
    leastUtilisation: 0.9,
    play: untilTheEndInTime,
  })),
  {
    name: "clock+10min",
    what: `the clock of one of ${REPLICAS} replicas off by more than the gateway bears: Redis' time corrects it`,
    quota: QUOTA,
    replicas: REPLICAS,
    envOfFirst: preload(wrongClock({ offByMs: 2 * TEN_MINUTES_MS })),
    leastUtilisation: 0.9,
    play: untilTheEndInTime,
  },
  {
    name: "racing-clock",
    what: `the clock of one of ${REPLICAS} replicas races, so that its time stamps are wrong: it is held alone`,
    quota: QUOTA,
    replicas: REPLICAS,
    envOfFirst: preload(wrongClock({ pace: 1_000_000 })),
    leastUtilisation: 0.9,
    expectedRefusals: ["isv.invalid-timestamp"],
    play: (stage) => firstIsHeldAlone(stage, "clock-skew"),
  },
  {
    name: "wrong-key",
    what: `one of ${REPLICAS} replicas with the key of another application: it is held alone`,
    quota: QUOTA,
    replicas: REPLICAS,
    envOfFirst: {
      ALIPAY_PRIVATE_KEY: newKeyPair().privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    },
    leastUtilisation: 0.9,
    expectedRefusals: ["isv.invalid-signature"],
    play: (stage) => firstIsHeldAlone(stage, "permission"),
  },
  {
    name: "blocked-loop",
    what: "replicas whose event loops stand still for 200 ms at random",
    quota: QUOTA,
    replicas: REPLICAS,
    env: preload(blockedLoop(200)),
    play: (stage) => stage.run(stage.extent.seconds),
  },
];

async function stopOne(stage: Stage, seconds: number): Promise<void> {
  await stage.run(2);
  const [victim] = stage.replicas;
  victim?.signal("SIGSTOP");
  await stage.run(seconds);
  victim?.signal("SIGCONT");
  await stage.recover();
  await stage.run(Math.max(3, stage.extent.seconds - seconds));
}

async function killAllAgainAndAgain(stage: Stage): Promise<void> {
  let kills = 0;
  const endMs = performance.now() + stage.extent.seconds * 1_000;
  while (performance.now() < endMs) {
    await stage.run(KILL_EVERY_SECONDS);
    await stage.killReplicas();
    kills += stage.replicas.length;
    await stage.startReplicas();
  }
  stage.figures["kills"] = kills;
  await stage.recover();
}

async function untilTheEndInTime(stage: Stage): Promise<void> {
  await stage.run(stage.extent.seconds);
  const skew = stage.pipeline.sandbox.report().timestampSkewMs;
  // The time stamp has whole seconds.
  const worstMs = Math.max(Math.abs(skew?.min ?? 0), Math.abs(skew?.max ?? 0));
  stage.figures["worstTimestampSkewSeconds"] = worstMs / 1_000;
  // Uncorrected, it would be ten seconds or more.
  stage.promise(worstMs < 2_500 + stage.extent.lateMs, `a time stamp was ${worstMs} ms off`);
}

/** The first replica meets a hold of this kind, and nobody else does. */
async function firstIsHeldAlone(stage: Stage, kind: string): Promise<void> {
  const [first, ...others] = stage.replicas;
  await first?.line('"calls-held"');
  await stage.run(stage.extent.seconds);
  const heldBy = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.includes('"calls-held"'));
  const kinds = heldBy(first?.lines ?? []);
  stage.promise(
    kinds.every((line) => line.includes(`"hold":"${kind}"`)),
    `the one replica is held otherwise than by ${kind}: ${kinds.join("; ")}`,
  );
  const held = others.filter(({ lines }) => heldBy(lines).length > 0).length;
  stage.promise(held === 0, `${held} of the other replicas were held, too`);
  const { refusals } = stage.pipeline.sandbox.report();
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  stage.figures["callsRefused"] = refused;
  // Calls that were under way when the first answer came; probes come after a minute.
  stage.promise(refused <= 20, `${refused} refused calls before it held`);
}
