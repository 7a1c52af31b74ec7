import { monitorEventLoopDelay } from "node:perf_hooks";
import type { PipelineOptions } from "../../support/pipeline.ts";
import type { WorkerProcess } from "../../support/worker-process.ts";
import { admittedCalls } from "./admitted-calls.ts";
import type { CaseReport, Extent, QuotaCase } from "./quota-case.ts";
import { Stage } from "./stage.ts";

const MOST_CALLS_OF_A_TRANSACTION = 4;

/** Plays a case on a stage of its own, takes that away again, and says which promises were kept. */
export async function runCase(
  quotaCase: QuotaCase,
  extent: Extent,
  servers: PipelineOptions["servers"],
): Promise<CaseReport> {
  const stage = await Stage.set(quotaCase, extent, servers);
  const loopDelay = monitorEventLoopDelay();
  loopDelay.enable();
  try {
    await stage.publish(extent.backlog);
    await stage.startReplicas();
    await stage.replaceCalled();
    const veterans = stage.replicas;
    const callsBefore = veterans.map(callsOf);
    const fromMs = performance.now();
    await quotaCase.play(stage);
    const toMs = performance.now();
    const shares = veterans.map((replica, index) => callsOf(replica) - (callsBefore[index] ?? 0));
    const judgeStoodStillMs = loopDelay.max / 1e6;
    const played = measure(quotaCase, stage, { fromMs, toMs }, veterans === stage.replicas ? shares : []);
    const report = { ...played, judgeStoodStillMs };
    const broken = [...brokenPromises(quotaCase, report, extent.slack), ...stage.broken];
    if ((await stage.countWaiting()) === 0) broken.push("the backlog was too small: nothing is left of it");
    return { ...report, broken };
  } finally {
    loopDelay.disable();
    await stage.close();
  }
}

/** Calls that brought a score, as the replica's own log says. */
const callsOf = ({ lines }: WorkerProcess): number =>
  lines.filter((line) => line.includes('"delivery-settled"') && line.includes('"source":"alipay"')).length;

function measure(
  quotaCase: QuotaCase,
  stage: Stage,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  shares: readonly number[],
): Omit<CaseReport, "judgeStoodStillMs" | "broken"> {
  const { name, what, quota, replicas } = quotaCase;
  const report = stage.pipeline.sandbox.report();
  const calls = stage.arrivals.between(fromMs, toMs).length;
  const admitted = admittedCalls(stage.quota, stage.arrivals.between(0, fromMs), fromMs, toMs);
  return {
    name,
    what,
    quota,
    replicas,
    seconds: (toMs - fromMs) / 1_000,
    calls,
    admitted,
    utilisation: calls / admitted,
    windows: report.quota.map(({ calls: most, windowMs, busiest }) => ({ calls: most, windowMs, busiest })),
    refusals: report.refusals,
    mostCallsOfATransaction: report.transactions.maxCalls,
    shares: shares.length < 2 ? undefined : { least: Math.min(...shares), most: Math.max(...shares) },
    figures: stage.figures,
  };
}

function* brokenPromises(
  { expectedRefusals = [], leastUtilisation = 0 }: QuotaCase,
  played: Omit<CaseReport, "broken">,
  slack: number,
): Generator<string> {
  const { windows, refusals, mostCallsOfATransaction, utilisation, judgeStoodStillMs } = played;
  for (const { calls, windowMs, busiest } of windows) {
    if (busiest > calls) {
      const doubt = `the sandbox's process stood still for up to ${judgeStoodStillMs.toFixed(0)} ms`;
      yield `${busiest} calls in ${windowMs} ms, ${calls} were allowed; ${doubt}`;
    }
  }
  for (const [subCode, count] of Object.entries(refusals)) {
    if (!expectedRefusals.includes(subCode)) yield `refused ${count} times: ${subCode}`;
  }
  if (mostCallsOfATransaction > MOST_CALLS_OF_A_TRANSACTION) {
    yield `${mostCallsOfATransaction} calls for one transaction`;
  }
  if (utilisation < leastUtilisation - slack) {
    yield `${percent(utilisation)} of the quota used, ${percent(leastUtilisation)} were promised`;
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
