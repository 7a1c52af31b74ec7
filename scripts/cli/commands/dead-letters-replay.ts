import { Command, InvalidArgumentError, Option } from "commander";
import type { ReplayOrder } from "../../../shared/redis/letters/replay-records.ts";
import { parseShare } from "../../plan/parse-share.ts";
import { formatPlan, formatRecord, planJson, recordJson } from "../dead-letters/format-replay.ts";
import { withLetters } from "../dead-letters/letters-session.ts";
import { pricePlan } from "../dead-letters/price-replay.ts";
import { HELD_MS, resumeReplay, startReplay, type Replayed } from "../dead-letters/replay.ts";
import {
  addSelectionFlags,
  hasFilterFlag,
  readSelection,
  type SelectionFlags,
} from "../dead-letters/selection-flags.ts";
import { durationFlag } from "../duration-flag.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface ReplayFlags extends SelectionFlags {
  readonly all?: true;
  readonly share: number;
  readonly freshCalls?: true;
  readonly hopeless?: true;
  readonly keepGoing?: true;
  readonly patience: number;
  readonly dryRun?: true;
  readonly resume?: string;
  readonly why?: string;
  readonly yes?: true;
  readonly wait?: true;
  readonly json?: true;
}

/** What may be said anew of a replay that is resumed; all else was ordered when it began. */
const BESIDE_RESUME: ReadonlySet<string> = new Set([
  "--resume",
  "--keep-going",
  "--patience",
  "--why",
  "--yes",
  "--wait",
  "--json",
]);

const EXAMPLES = `
Examples:
  $ riskline dead-letters replay --reason rejected --dry-run
  $ riskline dead-letters replay --reason rejected --since 2h --share 10% --why "the contract was amended"
  $ riskline dead-letters replay --reason attempts-exhausted --fresh-calls --why "the gateway was down"
  $ riskline dead-letters replay --resume R20261123040044-1f2a3b
  $ riskline dead-letters replay --resume R20261123040044-1f2a3b --keep-going

First 1, then 2, 5, 20 … letters go to the replay lane; it stops when they fail again. Each is published and confirmed
before it is taken off its queue. Letters whose transaction has a result are not called: the result is published again.
Those that would only fail again are left where they are. Ctrl-C pauses; --resume goes on, also after a crash. It goes on
as the replay was ordered; beside it, only --keep-going, --patience, --why, --yes, --wait and --json may be given.`;

/** `riskline dead-letters replay`: puts dead letters back onto the replay lane. */
export function replayCommand(): Command {
  const command = new Command("replay").description(
    "puts dead letters back: a few first, then more, within a share of the quota",
  );
  return addSelectionFlags(command)
    .option("--all", "all of them, where no filter is given")
    .option("--share <share>", "of the quota's calls, at most", share, 0.5)
    .option("--fresh-calls", "the calls made so far no longer count: each may be called four times again")
    .option("--hopeless", "put those back, too, that would only fail again")
    .option("--keep-going", "do not stop when they fail again")
    .addOption(
      new Option("--patience <duration>", "without any outcome or call for so long, it pauses")
        .argParser(durationFlag)
        .default(120_000, "2m"),
    )
    .option("--dry-run", "only count what it would do")
    .option("--resume <replay>", "go on with a replay that was paused, stopped or interrupted")
    .option("--why <text>", "why, for the audit", reasonFlag)
    .option("--yes", "do not ask")
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ReplayFlags, called: Command) => {
      checkFlags(flags, writtenFlags(called));
      process.exitCode = await run(flags);
    });
}

/** Gives the exit status. */
async function run(flags: ReplayFlags): Promise<number> {
  const settings = readCommandSettings([
    "installation",
    "broker",
    "redis",
    "application",
    "quota",
    "calls",
    "spending",
    "policy",
    "journal",
  ]);
  const options = { settings, wait: flags.wait === true, signal: stopSignal() };
  return withLetters(options, async (session) => {
    const context = { session, settings, patienceMs: flags.patience, heldMs: HELD_MS };
    if (flags.resume !== undefined) {
      const how = { why: flags.why ?? "", keepGoing: flags.keepGoing === true };
      return report(await resumeReplay(context, flags.resume, how), flags);
    }
    const order = orderOf(flags, await redisNow(session.client));
    if (flags.dryRun === true) {
      const priced = await pricePlan(context, order);
      process.stdout.write(flags.json === true ? formatJson(planJson(priced)) : formatPlan(priced));
      return 0;
    }
    return report(
      await startReplay(context, order, { why: flags.why ?? "", yes: flags.yes === true }),
      flags,
    );
  });
}

/** What stands on the command line, defaults apart: "--share". */
const writtenFlags = (called: Command): string[] =>
  called.options
    .filter((option) => called.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => option.long ?? option.flags);

function checkFlags(flags: ReplayFlags, written: readonly string[]): void {
  if (flags.resume !== undefined) {
    const ignored = written.filter((flag) => !BESIDE_RESUME.has(flag));
    if (ignored.length === 0) return;
    throw new UsageError(
      `${ignored.join(", ")}: not with --resume, which goes on as the replay was ordered when it began`,
    );
  }
  const isSelected = hasFilterFlag(flags);
  if (!isSelected && flags.all !== true) throw new UsageError("which ones? Give a filter, or --all");
  if (isSelected && flags.all === true) throw new UsageError("--all and a filter contradict each other");
}

function orderOf(flags: ReplayFlags, nowMs: number): ReplayOrder {
  const { ids, ...selection } = readSelection(flags, nowMs);
  return {
    selection: { ...selection, ids: ids && [...ids] },
    share: flags.share,
    freshCalls: flags.freshCalls === true,
    hopeless: flags.hopeless === true,
    keepGoing: flags.keepGoing === true,
  };
}

function report({ record, end, left }: Replayed, { json }: ReplayFlags): number {
  process.stdout.write(
    json === true ? formatJson({ ...recordJson(record), left }) : formatRecord(record, left),
  );
  if (end.state === "finished") return isInVain(record.counts, left) ? 1 : 0;
  process.stderr.write(
    `riskline: ${end.says}; go on with: riskline dead-letters replay --resume ${record.id}\n`,
  );
  return 1;
}

/** Whatever was selected would only fail again. */
const isInVain = ({ replayed, republished, copies }: Replayed["record"]["counts"], left: number): boolean =>
  left > 0 && replayed + republished + copies === 0;

function share(text: string): number {
  const parsed = parseShare(text);
  if (parsed.ok && parsed.value > 0) return parsed.value;
  throw new InvalidArgumentError("Wanted: a share such as 10% or 0.1.");
}
