import { MOST_IN_FLIGHT } from "../../shared/alipay/most-in-flight.ts";
import { costOfCalls } from "../../shared/domain/money.ts";
import { formatQuota } from "../../shared/domain/quota.ts";
import { REPLICA_CALLS_PER_SECOND } from "../../shared/domain/useful-replicas.ts";
import type { Latency } from "../sandbox/latency.ts";
import type { PlanOptions } from "./plan-options.ts";
import { REPLICA_PACE } from "./replica-pace.ts";
import type { Simulated } from "./simulate.ts";
import type { Ending, Tally } from "./tally.ts";

/** What a plan says. Moments are in ms from its beginning; null where there is none. */
export interface PlanReport {
  readonly arrivals: string;
  readonly quota: string;
  readonly replicas: number;
  readonly seed: number;
  readonly transactions: {
    readonly arrived: number;
    readonly endings: Readonly<Record<Ending, number>>;
    /** Without an outcome when the plan ended. */
    readonly waiting: number;
  };
  /** From publishing to the result. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly calls: {
    readonly made: number;
    readonly retries: number;
    readonly timedOut: number;
    readonly limitAnswers: number;
    readonly cost: { readonly value: string; readonly currency: "CNY" };
  };
  readonly windows: readonly {
    readonly window: string;
    /** The most calls that it ever held, at the gateway. */
    readonly busiest: number;
    /** Calls made, of those that it sustains from the first call to the last. */
    readonly utilisation: number;
  }[];
  readonly strikes: { readonly most: number; readonly allowed: number };
  readonly bannedAtMs: number | null;
  readonly backlog: {
    readonly most: number;
    readonly mostAtMs: number;
    /** From then on nobody waited more than ten seconds for the first call; null where nobody ever did. */
    readonly goneAtMs: number | null;
  };
  /** When the last outcome was out; null where transactions still wait. */
  readonly finishedAtMs: number | null;
  readonly callsPerSecond: CallRates;
  /** More would not make it faster. */
  readonly usefulReplicas: number;
  readonly series: readonly Step[];
}

/** What bounds the calls per second, each on its own. */
export interface CallRates {
  readonly quota: number;
  /** All replicas together. */
  readonly replicas: number;
  /** As many under way at once as strikes are left, until the first one. */
  readonly strikes: number;
}

/** What happened from `atMs` on until the next step. */
export interface Step {
  readonly atMs: number;
  readonly arrived: number;
  readonly calls: number;
  readonly limitAnswers: number;
  readonly settled: number;
  /** Without an outcome at the end of the step. */
  readonly backlog: number;
}

/** A longer series is summed up. */
const MOST_STEPS = 2_000;
/** Of seconds or minutes: such that hours and days are full of them. */
const STEPS_TOGETHER = [1, 2, 5, 10, 30, 60, 360, 1_440];

/** Sums a simulation up. `callPrice` in ten-thousandths of a yuan. */
export function reportPlan(options: PlanOptions, { tally, peaks }: Simulated, callPrice: number): PlanReport {
  const waiting = tally.arrived - tally.settled;
  const callsPerSecond = callRates(options);
  return {
    arrivals: options.arrivals.described,
    quota: formatQuota(options.quota),
    replicas: options.replicas,
    seed: options.seed,
    transactions: { arrived: tally.arrived, endings: tally.endings, waiting },
    latencyMs: {
      p50: tally.latencyMs(50),
      p95: tally.latencyMs(95),
      p99: tally.latencyMs(99),
      max: tally.latencyMs(100),
    },
    calls: {
      made: tally.calls,
      retries: tally.retries,
      timedOut: tally.answers.timeout,
      limitAnswers: tally.answers.limited,
      cost: { value: costOfCalls(callPrice, tally.calls), currency: "CNY" },
    },
    windows: peaks.map(({ busiest, ...window }) => ({
      window: formatQuota([window]),
      busiest,
      utilisation: tally.calls / sustainedCalls(window, tally),
    })),
    strikes: { most: tally.mostStrikes, allowed: options.strikesPerDay },
    bannedAtMs: finite(tally.firstBanMs),
    backlog: { ...mostWaiting(tally), goneAtMs: finite(tally.lastLateMs) },
    finishedAtMs: waiting === 0 ? tally.finishedAtMs : null,
    callsPerSecond,
    usefulReplicas: usefulReplicas(callsPerSecond, options.replicas),
    series: seriesOf(tally),
  };
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null);

/** Calls that a window has room for from the first call to the last; one window at least. */
function sustainedCalls(
  { calls, windowMs }: { readonly calls: number; readonly windowMs: number },
  { firstCallMs, lastCallMs }: Tally,
): number {
  return calls * Math.max(1, (lastCallMs - firstCallMs) / windowMs);
}

function callRates({ quota, replicas, gateway, strikesPerDay }: PlanOptions): CallRates {
  const callMs = REPLICA_PACE.DEPARTURE_MS + meanMs(gateway.latency);
  const perReplica = Math.min(REPLICA_CALLS_PER_SECOND, (MOST_IN_FLIGHT * 1_000) / callMs);
  return {
    quota: Math.min(...quota.map(({ calls, windowMs }) => (calls * 1_000) / windowMs)),
    replicas: replicas * perReplica,
    strikes: (strikesPerDay * 1_000) / callMs,
  };
}

const meanMs = ({ leastMs, medianMs, spread }: Latency): number =>
  leastMs + (medianMs - leastMs) * Math.exp(spread ** 2 / 2);

function usefulReplicas({ quota, strikes, replicas }: CallRates, count: number): number {
  return Math.max(1, Math.ceil((Math.min(quota, strikes) * count) / replicas));
}

function mostWaiting(tally: Tally): { most: number; mostAtMs: number } {
  let [most, mostAtMs] = [0, 0];
  for (const { atMs, backlog } of stepsOf(tally)) {
    if (backlog <= most) continue;
    [most, mostAtMs] = [backlog, atMs + tally.stepMs];
  }
  return { most, mostAtMs };
}

function* stepsOf({ series, stepMs, steps }: Tally): Generator<Step> {
  let backlog = 0;
  for (let step = 0; step < steps; step += 1) {
    const [arrived, settled] = [series.arrived.at(step), series.settled.at(step)];
    backlog += arrived - settled;
    const [calls, limitAnswers] = [series.calls.at(step), series.limited.at(step)];
    yield { atMs: step * stepMs, arrived, calls, limitAnswers, settled, backlog };
  }
}

/** As many steps as can be shown. */
function seriesOf(tally: Tally): Step[] {
  const together = STEPS_TOGETHER.find((steps) => tally.steps / steps <= MOST_STEPS) ?? tally.steps;
  const series: Step[] = [];
  for (const step of stepsOf(tally)) {
    const last = series.at(-1);
    const isNew = last === undefined || step.atMs % (together * tally.stepMs) === 0;
    if (isNew) series.push(step);
    else series[series.length - 1] = sumOf(last, step);
  }
  return series;
}

const sumOf = (earlier: Step, later: Step): Step => ({
  atMs: earlier.atMs,
  arrived: earlier.arrived + later.arrived,
  calls: earlier.calls + later.calls,
  limitAnswers: earlier.limitAnswers + later.limitAnswers,
  settled: earlier.settled + later.settled,
  backlog: later.backlog,
});
