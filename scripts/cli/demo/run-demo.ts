import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { LANES } from "../../../shared/domain/delivery.ts";
import { readSettings } from "../../../shared/process/settings/read-settings.ts";
import type { ScenarioName } from "../../sandbox/scenarios.ts";
import { formatJson } from "../format-json.ts";
import type { Status } from "../read-status.ts";
import { stopSignal } from "../stop-signal.ts";
import { writeOut } from "../write-out.ts";
import { ROWS_PER_SECOND } from "./demo-settings.ts";
import { createDisplay, type Display } from "./display.ts";
import { formatKept } from "./format-kept.ts";
import { formatSummary } from "./format-summary.ts";
import type { LiveView } from "./live-view.ts";
import { publishSample } from "./publish-sample.ts";
import { Releases } from "./releases.ts";
import { RowAccounts } from "./row-accounts.ts";
import { setStage, type Stage } from "./stage.ts";
import { summarise, type DemoSummary } from "./summary.ts";
import { watchOutcomes, type Watch } from "./watch-outcomes.ts";

export interface DemoFlags {
  readonly rows: number;
  readonly seed: number;
  readonly replicas: number;
  readonly scenario: ScenarioName;
  readonly keep?: true;
  readonly json?: true;
}

/** Longer than the longest pause between two calls and both calls: then nothing will come any more. */
const STALLED_MS = 60_000;
/** How often it is looked whether all is done. */
const LOOK_EVERY_MS = 100;
/** What is on its way to us, once no worker is left to send it. */
const CATCH_UP_MS = 5_000;

/** The whole pipeline on this machine, from servers to summary; gives the exit status. Nothing is left behind. */
export async function runDemo(flags: DemoFlags): Promise<number> {
  // From the beginning: whatever is under way when it fires is brought to its end, and taken away.
  const signal = stopSignal(["SIGINT", "SIGTERM", "SIGHUP"]);
  const display = createDisplay();
  const releases = new Releases();
  try {
    const { scenario, replicas } = flags;
    const stage = await setStage({ scenario, replicas, releases, note: display.note, signal });
    const summary = await perform(stage, flags, display, signal);
    display.end();
    await writeOut(flags.json ? formatJson(summary) : formatSummary(summary));
    if (flags.keep && !signal.aborted) {
      process.stderr.write(formatKept(stage, flags.seed));
      await Promise.race([once(signal, "abort"), stage.crew.failed]);
    }
    return summary.isComplete ? 0 : 1;
  } finally {
    display.end();
    await releases.run((problem) => display.note(`not removed: ${problem}`));
  }
}

async function perform(
  stage: Stage,
  flags: DemoFlags,
  display: Display,
  signal: AbortSignal,
): Promise<DemoSummary> {
  const { connection, namespace, crew } = stage;
  const { note } = display;
  const accounts = new RowAccounts();
  const over = new AbortController();
  const watch = await watchOutcomes({ connection, namespace, accounts, note, signal: over.signal });
  const startedAtMs = performance.now();
  const run = { stage, flags, accounts, display, watch, signal, startedAtMs };
  const publishing = publishSample({
    ...flags,
    connection,
    namespace,
    perSecond: ROWS_PER_SECOND,
    accounts,
    note,
    signal,
  });
  try {
    await Promise.race([follow(run, publishing), crew.failed]);
    const seconds = secondsSince(startedAtMs);
    if (signal.aborted) note("ending with what was reached; once more ends at once");
    await publishing;
    if (!flags.keep || signal.aborted) await stopWorkers(run);
    display.show(await look(run));
    return await conclude(run, seconds);
  } finally {
    over.abort();
    await watch.ended;
  }
}

interface Run {
  readonly stage: Stage;
  readonly flags: DemoFlags;
  readonly accounts: RowAccounts;
  readonly display: Display;
  readonly watch: Watch;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
}

/** Shows what happens until every row has its outcome, or nothing happens any more, or the signal fires. */
async function follow(run: Run, publishing: Promise<unknown>): Promise<void> {
  const { accounts, display, signal } = run;
  let isPublished = false;
  void publishing.finally(() => (isPublished = true)).catch(() => undefined);
  let last = { settled: 0, atMs: performance.now() };
  for (let shownAtMs = -Infinity; !signal.aborted;) {
    const { published, settled } = accounts.balance();
    const nowMs = performance.now();
    if (isPublished && settled >= published) return;
    if (settled !== last.settled || !isPublished) last = { settled, atMs: nowMs };
    if (nowMs - last.atMs > STALLED_MS) {
      return display.note(`no row was settled for ${STALLED_MS / 1_000} s: this is the end`);
    }
    if (nowMs - shownAtMs >= display.everyMs) {
      shownAtMs = nowMs;
      display.show(await look(run));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Calls under way end, and their outcomes are counted. */
async function stopWorkers({ stage, watch }: Run): Promise<void> {
  await stage.crew.stop();
  const untilMs = performance.now() + CATCH_UP_MS;
  while (performance.now() < untilMs) {
    const outcomes = countReady(await stage.reader.read(), ({ results, deadLetters }) => [
      results,
      deadLetters,
    ]);
    if (outcomes === undefined || watch.seen() >= outcomes) return;
    await sleep(LOOK_EVERY_MS);
  }
}

async function look({ stage, flags, accounts, startedAtMs }: Run): Promise<LiveView> {
  const status = await stage.reader.read();
  const redis = status.redis.ok ? status.redis.value : undefined;
  return {
    seconds: secondsSince(startedAtMs),
    rows: flags.rows,
    balance: accounts.balance(),
    gateway: stage.sandbox.report(),
    queued: countQueued(status),
    ledger: redis?.quota.ok ? redis.quota.value.ledger : undefined,
    spend: redis?.spend.ok ? redis.spend.value.day : undefined,
  };
}

async function conclude({ stage, flags, accounts }: Run, seconds: number): Promise<DemoSummary> {
  const { rows, seed, replicas, scenario } = flags;
  const { calls } = readSettings(["calls"], stage.environment);
  return summarise({
    flags: { rows, seed, replicas, scenario },
    accounts,
    gateway: stage.sandbox.report(),
    queued: countQueued(await stage.reader.read()),
    callPrice: calls.priceTenThousandths,
    seconds,
  });
}

const countQueued = (status: Status): number | undefined =>
  countReady(status, ({ lanes, waiting }) => [...LANES.map((lane) => lanes[lane]), waiting]);

/** Messages that nobody has in hand; undefined where the broker does not tell. */
function countReady(
  { queues, namespace }: Status,
  choose: (names: ReturnType<typeof brokerNames>) => readonly string[],
): number | undefined {
  if (!queues.ok) return undefined;
  const chosen = choose(brokerNames(namespace));
  return queues.value
    .filter(({ queue }) => chosen.includes(queue))
    .reduce((sum, { counts }) => sum + (counts?.ready ?? 0), 0);
}

const secondsSince = (atMs: number): number => (performance.now() - atMs) / 1_000;
