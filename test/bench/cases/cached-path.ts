import { Queue } from "bullmq";
import { openPseudonyms } from "../../../shared/redis/journal/pseudonym.ts";
import { startCannedGateway } from "../canned-gateway.ts";
import type { BenchCase, BenchContext } from "../bench-case.ts";
import { Contender } from "../contender.ts";
import { Installation } from "../installation.ts";
import { measurePart, type MeasuredPart, type Part } from "../measure-part.ts";
import { nextBody, userId, USERS } from "../next-body.ts";
import { Rounds } from "../rounds.ts";

/** As the loop by hand was tuned; the worker gets the same on the lane that is measured. */
const PREFETCH = 500;
/** Of which the standard lane has half. */
const WORKERS_PREFETCH = 2 * PREFETCH;
const LEAST_SHARE_OF_BY_HAND = 0.75;

type Name = "riskline" | "by hand" | "BullMQ";

/** Answers from stored scores: what a transaction costs that needs no call. */
export const CACHED_PATH: BenchCase = {
  name: "cached",
  what: "one worker answers from stored scores, beside a minimal loop by hand and BullMQ doing the same",
  async run({ servers, isQuick, say }) {
    const part = isQuick ? { from: 2_000, to: 6_000 } : { from: 10_000, to: 40_000 };
    const gateway = await startCannedGateway(0);
    const installation = await Installation.create(servers, gateway.url);
    try {
      await storeScores(installation);
      const backlog = (start: () => Contender) => () => roundOf(installation, part, start);
      const rounds = await Rounds.play<Name>(
        [
          ["riskline", backlog(() => installation.startWorker(WORKER_SETTINGS))],
          ["by hand", backlog(() => Contender.start("by-hand", byHand(installation)))],
          ["BullMQ", () => roundOnBullMq(installation, part, servers)],
        ],
        { isQuick, say },
      );
      return findingOf(rounds);
    } finally {
      await installation.close();
      await gateway.close();
    }
  },
};

const WORKER_SETTINGS = { SCORE_ABOVE: "1000", PREFETCH: String(WORKERS_PREFETCH) };

const byHand = ({ env }: Installation) => ({ ...env, PREFETCH: String(PREFETCH) });

/** Under the user's pseudonym for the worker, under the bare id for the others. */
async function storeScores({ namespace, redis, env }: Installation): Promise<void> {
  const { pseudonymise } = await openPseudonyms(redis, namespace, env["PSEUDONYM_KEY"]);
  const score = JSON.stringify({ v: 1, riskScore: 0.62, ruleCodes: ["DEVICE_VELOCITY"], traceId: null });
  const pipeline = redis.pipeline();
  for (let user = 0; user < USERS; user += 1) {
    pipeline.set(`${namespace}:score:${pseudonymise(userId(user))}`, score, "EX", 86_400);
    pipeline.set(`${namespace}:score:${userId(user)}`, "0.62", "EX", 86_400);
  }
  await pipeline.exec();
}

/** A backlog, a new process, and its results counted in their queue, which is emptied again, as Redis is of them. */
async function roundOf(
  installation: Installation,
  part: Part,
  start: () => Contender,
): Promise<MeasuredPart> {
  await installation.publish(part.to);
  const contender = start();
  try {
    return await measurePart(contender.pid, part, () => installation.ready("results"));
  } finally {
    await contender.end();
    await installation.purge("results");
    await installation.forgetOutcomes();
    await installation.tidyRedis();
  }
}

async function roundOnBullMq(
  installation: Installation,
  part: Part,
  { redisUrl }: BenchContext["servers"],
): Promise<MeasuredPart> {
  const { namespace, env } = installation;
  const connection = { url: redisUrl };
  const transactions = new Queue(`${namespace}.transactions`, { connection });
  const results = new Queue(`${namespace}.results`, { connection });
  for (let from = 0; from < part.to; from += 1_000) {
    const jobs = Array.from({ length: 1_000 }, (_, i) => ({ name: "transaction", data: nextBody(from + i) }));
    await transactions.addBulk(jobs);
  }
  const contender = Contender.start("bullmq", { ...env, PREFETCH: String(PREFETCH) });
  try {
    return await measurePart(contender.pid, part, () => results.getWaitingCount());
  } finally {
    await contender.end();
    for (const queue of [transactions, results]) {
      await queue.obliterate({ force: true });
      await queue.close();
    }
    await installation.tidyRedis();
  }
}

function findingOf(rounds: Rounds<Name>) {
  const row = (label: string, name: Name): string[] => [
    label,
    rounds.middle(name, "perSecond").toFixed(0),
    rounds.times(name, "by hand", "perSecond").toFixed(2),
    rounds.middle(name, "cpuMicros").toFixed(0),
    rounds.times(name, "by hand", "cpuMicros").toFixed(2),
  ];
  const ofByHand = rounds.times("riskline", "by hand", "perSecond");
  const ofBullMq = rounds.times("riskline", "BullMQ", "perSecond");
  return {
    head: ["one process", "per second", "of by hand", "CPU each, µs", "of by hand"],
    rows: [
      row("Riskline's worker", "riskline"),
      row("loop by hand (GET, SET, publish, ack)", "by hand"),
      row("BullMQ", "BullMQ"),
    ],
    figures: {
      ofByHand,
      ofBullMq,
      perSecond: rounds.middle("riskline", "perSecond"),
      perSecondByHand: rounds.middle("by hand", "perSecond"),
      perSecondBullMq: rounds.middle("BullMQ", "perSecond"),
      cpuMicros: rounds.middle("riskline", "cpuMicros"),
      cpuMicrosByHand: rounds.middle("by hand", "cpuMicros"),
      cpuMicrosBullMq: rounds.middle("BullMQ", "cpuMicros"),
    },
    goals: [
      {
        what: `${ofByHand.toFixed(3)} of the loop by hand, at least ${LEAST_SHARE_OF_BY_HAND} wanted`,
        isReached: ofByHand >= LEAST_SHARE_OF_BY_HAND,
      },
      { what: `${ofBullMq.toFixed(2)} times BullMQ, more than 1 wanted`, isReached: ofBullMq > 1 },
    ],
  };
}
