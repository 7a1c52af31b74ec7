import { startCannedGateway } from "../canned-gateway.ts";
import type { BenchCase, BenchContext } from "../bench-case.ts";
import { Contender } from "../contender.ts";
import { Installation } from "../installation.ts";
import { publishInPace } from "../publish-in-pace.ts";
import { quantile } from "../quantile.ts";
import { ResultClock } from "../result-clock.ts";

const GATEWAY_MS = 80;
const PER_HOUR = [50_000, 500_000];
const OWN_P99_MS = 5;

/** How long payments wait, and how much of it is ours. */
export const LATENCY: BenchCase = {
  name: "latency",
  what: `from publishing to the result, with a gateway that takes ${GATEWAY_MS} ms`,
  async run(context) {
    const rows: string[][] = [];
    const figures: Record<string, number> = {};
    let isQuickEnough = true;
    for (const perHour of PER_HOUR) {
      const { total, own, byHand } = await atRate(perHour, context);
      rows.push([
        perHour.toLocaleString("en"),
        String(total.length),
        ...pair(total),
        ...pair(own),
        ...pair(byHand),
      ]);
      figures[`ownP50At${perHour}`] = quantile(own, 0.5);
      figures[`ownP99At${perHour}`] = quantile(own, 0.99);
      figures[`byHandP99At${perHour}`] = quantile(byHand, 0.99);
      isQuickEnough &&= quantile(own, 0.99) < OWN_P99_MS;
    }
    return {
      head: [
        "an hour",
        "transactions",
        "all, p50",
        "p99, ms",
        "ours, p50",
        "p99, ms",
        "by hand, p50",
        "p99, ms",
      ],
      rows,
      figures,
      goals: [{ what: `ours below ${OWN_P99_MS} ms at the 99th percentile`, isReached: isQuickEnough }],
    };
  },
};

const pair = (values: readonly number[]): string[] =>
  [0.5, 0.99].map((share) => quantile(values, share).toFixed(1));

interface Latencies {
  readonly total: readonly number[];
  /** Without the gateway's own time. The quota binds nobody, so no waiting for it is in there; all else is. */
  readonly own: readonly number[];
  /** Of the minimal loop without a call: what broker, Redis and the machine take at this rate. */
  readonly byHand: readonly number[];
}

async function atRate(perHour: number, { servers, isQuick, say }: BenchContext): Promise<Latencies> {
  const seconds = isQuick ? 5 : 30;
  const gateway = await startCannedGateway(GATEWAY_MS);
  const installation = await Installation.create(servers, gateway.url);
  const clock = await ResultClock.start(installation);
  try {
    say(`${perHour} an hour, a worker`);
    const total = await timed(installation.startWorker(), clock, perHour, seconds);
    const atGateway = await gateway.msOfCalls();
    say(`${perHour} an hour, the loop by hand`);
    const loop = Contender.start("by-hand", { ...installation.env, PREFETCH: "250" });
    const byHand = await timed(loop, clock, perHour, seconds);
    return {
      total: [...total.values()],
      own: [...total].map(([id, ms]) => ms - (atGateway.get(id) ?? Number.NaN)),
      byHand: [...byHand.values()],
    };
  } finally {
    await clock.close();
    await installation.close();
    await gateway.close();
  }
}

/** How long each transaction took whoever answers, once all was warm. */
async function timed(
  contender: Contender,
  clock: ResultClock,
  perHour: number,
  seconds: number,
): Promise<ReadonlyMap<string, number>> {
  try {
    await clock.answered();
    const results = await publishInPace(clock, { perHour, seconds });
    return new Map(results.map(({ transactionId, ms }) => [transactionId, ms]));
  } finally {
    await contender.end();
  }
}
