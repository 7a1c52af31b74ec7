import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { formatPrice, parsePrice } from "../../../shared/domain/money.ts";
import type { Parsed } from "../../../shared/domain/parsed.ts";
import { parseQuota, type Quota } from "../../../shared/domain/quota.ts";
import { errorFields } from "../../../shared/process/error-fields.ts";
import { readSettings } from "../../../shared/process/settings/read-settings.ts";
import { prefetchShares } from "../../../workers/risk-detection/prefetch-shares.ts";
import type { Arrivals } from "../../plan/arrivals.ts";
import { parseArrivals } from "../../plan/parse-arrivals.ts";
import { parseDuration } from "../../plan/parse-duration.ts";
import { parseLatency } from "../../plan/parse-latency.ts";
import { parseShare } from "../../plan/parse-share.ts";
import type { PlanOptions } from "../../plan/plan-options.ts";
import { reportPlan, type PlanReport } from "../../plan/plan-report.ts";
import type { Latency } from "../../sandbox/latency.ts";
import { SCENARIOS } from "../../sandbox/scenarios.ts";
import { formatJson } from "../format-json.ts";
import { inGroups } from "../in-groups.ts";
import { wholeNumber } from "../number-flags.ts";
import { drawPlan } from "../plan/draw-plan.ts";
import { formatPlan } from "../plan/format-plan.ts";
import { readArrivals } from "../plan/read-arrivals.ts";
import { runPlan } from "../plan/run-plan.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface PlanFlags {
  readonly arrivals: string;
  readonly map?: string;
  readonly duration?: number;
  readonly backlog: number;
  readonly quota?: Quota;
  readonly latency: Latency;
  readonly failures: number;
  readonly rejected: number;
  readonly gatewayQuota?: Quota;
  readonly gatewayQuotaFrom: number;
  readonly banAfter: number;
  readonly returning: number;
  readonly belowThreshold: number;
  readonly replicas: number;
  readonly retryLimit?: number;
  readonly retryInitialDelay?: number;
  readonly strikes?: number;
  readonly price?: number;
  readonly seed: number;
  readonly json?: true;
  readonly svg?: string;
}

const DAY_MS = 24 * 3_600_000;
/** All of them may wait at once, and take memory. */
const MOST_TRANSACTIONS = 20_000_000;
const EXAMPLES = `
Examples:
  $ riskline plan --arrivals 50000/1h --quota 20/1s,50000/1h
  $ riskline plan --arrivals 20000/1h@0-8,120000/1h@8-22,40000/1h@22-24 --quota 40/1s --svg day.svg
  $ riskline plan --arrivals yesterday.ndjson --replicas 4 --json | jq .latencyMs
  $ riskline plan --arrivals 10/1s --gateway-quota 6/1s --gateway-quota-from 2h   if the gateway allows less
  $ riskline plan --arrivals 1/1s --backlog 200000 --failures 5%

Arrivals are count/time, evenly at random; several with the hours of the day in which they hold; or a file: what
publish reads (by occurredAt), or the columns at,count. Plans begin at 0 o'clock, a file's with its first row.
What is not given is as in the settings: quota, retries, strikes, price, timeout, prefetch. Nothing is called.`;

/** `riskline plan`: what a day would do, in virtual time. */
export function planCommand(): Command {
  return new Command("plan")
    .description("tells in seconds what a day of transactions would do to the quota, and it to them")
    .requiredOption("--arrivals <rate|file>", "when transactions come")
    .option("--map <module>", "makes transactions of CSV rows, as for publish")
    .option("--duration <time>", "of the arrivals (default: 24h, or all of the file)", duration)
    .option("--backlog <number>", "transactions that wait at the start", wholeNumber(0, MOST_TRANSACTIONS), 0)
    .option("--quota <windows>", "calls per window (default: ALIPAY_QUOTA)", flagOf(parseQuota))
    .option(
      "--latency <time>",
      "of calls: the median, or least..p99 such as 45..300ms (default: as the calm sandbox)",
      flagOf(parseLatency),
      SCENARIOS.calm.latency,
    )
    .option("--failures <share>", "of the calls that fail and can be repeated", share, 0)
    .option("--rejected <share>", "of the calls that are refused for good", share, 0)
    .option("--gateway-quota <windows>", "what the gateway really allows", flagOf(parseQuota))
    .option("--gateway-quota-from <time>", "from when on it does", duration, 0)
    .option("--ban-after <count>", "limit answers in 24 h before it bans", wholeNumber(0, 1_000_000), 20)
    .option("--returning <share>", "of the transactions answered from the cache", share, 0)
    .option("--below-threshold <share>", "of the transactions too small to score", share, 0)
    .option("--replicas <number>", "workers", wholeNumber(1, 1_000), 2)
    .option("--retry-limit <number>", "retries after the first call", wholeNumber(0, 3))
    .option("--retry-initial-delay <time>", "wait before the first retry, then doubled", duration)
    .option("--strikes <number>", "limit answers in 24 h at most", wholeNumber(1, 100_000))
    .option("--price <yuan>", "of a call", flagOf(parsePrice))
    .option("--seed <number>", "of all that is random", wholeNumber(0, 2 ** 31), 1)
    .option("--svg <file>", "also draw arrivals, calls and backlog over time")
    .option("--json", "print it as JSON, with the series over time")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(flags: PlanFlags): Promise<void> {
  const stopped = stopSignal();
  const settings = readPlanSettings();
  const options = await planOptions(flags, settings);
  const simulated = await runPlan(options, stopped);
  const price = flags.price ?? settings.calls.priceTenThousandths;
  const report = reportPlan(options, simulated, price);
  const callPrice = { value: formatPrice(price), currency: "CNY" };
  process.stdout.write(flags.json ? formatJson({ ...report, callPrice }) : formatPlan(report));
  if (flags.svg !== undefined) await writePicture(flags.svg, report);
}

async function writePicture(file: string, report: PlanReport): Promise<void> {
  try {
    await writeFile(file, drawPlan(report));
  } catch (error) {
    throw new Error(`--svg: ${file} cannot be written (${errorFields(error).code})`, { cause: error });
  }
}

function readPlanSettings() {
  const { calls, quota } = readCommandSettings(["calls", "quota"]);
  // Asked for alone: what is said to a worker about its quota is no news to a plan.
  const { worker } = readSettings(["worker"]);
  return { calls, quota, prefetch: worker.prefetch };
}

async function planOptions(
  flags: PlanFlags,
  settings: ReturnType<typeof readPlanSettings>,
): Promise<PlanOptions> {
  if (flags.returning + flags.belowThreshold > 1) {
    throw new UsageError("--returning and --below-threshold are together more than all transactions");
  }
  if (flags.failures + flags.rejected > 1) {
    throw new UsageError("--failures and --rejected are together more than all calls");
  }
  const { calls, quota, prefetch } = settings;
  const arrivals = await arrivalsOf(flags);
  const durationMs = flags.duration ?? arrivals.durationMs ?? DAY_MS;
  if (arrivals.expected(durationMs) + flags.backlog > MOST_TRANSACTIONS) {
    throw new UsageError(`a plan has at most ${inGroups(MOST_TRANSACTIONS)} transactions`);
  }
  return {
    arrivals,
    durationMs,
    backlog: flags.backlog,
    quota: flags.quota ?? quota.windows,
    gateway: {
      realQuota: flags.gatewayQuota && { quota: flags.gatewayQuota, fromMs: flags.gatewayQuotaFrom },
      banAfter: flags.banAfter,
      latency: flags.latency,
      failures: flags.failures,
      rejected: flags.rejected,
    },
    returning: flags.returning,
    belowThreshold: flags.belowThreshold,
    replicas: flags.replicas,
    handPerReplica: prefetchShares(prefetch).standard,
    retryPolicy: {
      retryLimit: flags.retryLimit ?? calls.retryLimit,
      initialDelayMs: flags.retryInitialDelay ?? calls.retryInitialDelayMs,
    },
    timeoutMs: calls.timeoutMs,
    strikesPerDay: flags.strikes ?? quota.limitStrikesPerDay,
    freezeMs: quota.freezeMs,
    seed: flags.seed,
  };
}

/** What has a file's name is a file. */
async function arrivalsOf({ arrivals, map }: PlanFlags): Promise<Arrivals> {
  if (/\.(?:csv|ndjson|jsonl)$/i.test(arrivals)) {
    let unreadable = 0;
    const read = await readArrivals(arrivals, map, (where) => {
      if (unreadable === 0) process.stderr.write(`warning: left out: ${where}\n`);
      unreadable += 1;
    });
    if (unreadable > 1) process.stderr.write(`warning: ${unreadable} rows left out\n`);
    return read;
  }
  const rates = parseArrivals(arrivals);
  if (rates.ok) return rates.value;
  throw new UsageError(`--arrivals: ${rates.problem}, and no .csv or .ndjson file`);
}

const duration = flagOf(parseDuration);
const share = flagOf(parseShare);

function flagOf<T>(parse: (text: string) => Parsed<T>): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value.ok) return value.value;
    throw new InvalidArgumentError(value.problem);
  };
}
