import { Command, Option } from "commander";
import { LANES, type Lane } from "../../../shared/domain/delivery.ts";
import { decimalNumber, wholeNumber } from "../number-flags.ts";
import { checkSources } from "../publish/check-sources.ts";
import { findSources } from "../publish/find-sources.ts";
import { formatCheck, formatPublication } from "../publish/format-reports.ts";
import { publishSources, type Publication } from "../publish/publish-sources.ts";
import { FORMATS, type Format, type Source } from "../publish/source.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface PublishFlags {
  readonly format?: Format;
  readonly map?: string;
  readonly lane: Lane;
  readonly rate: number;
  readonly skip: number;
  readonly limit: number;
  readonly check?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const MOST_RECORDS = 1e12;
const EXAMPLES = `
Examples:
  $ riskline publish payments.ndjson                one transaction in each line, published as it is
  $ riskline publish payments.csv --map ./mine.ts   each row made a transaction by a module of yours
  $ riskline publish --dry-run payments.ndjson      lists what a worker would refuse, publishes nothing
  $ riskline publish --rate 50 --lane urgent a.ndjson b.ndjson
  $ generate-payments | riskline publish -          NDJSON from standard input

A mapping module exports mapRow(row, lineNumber), or a default function; row holds the texts of one CSV row under
the names of the header, and what is returned is published as JSON, good or bad. scripts/mappings/NAME.ts serves
NAME.csv without --map.

Blank lines are left out. Every other line is published at least once: while the broker is away it waits, and what
was not confirmed is published again under the same id. Ctrl-C waits for the confirms and says with which --skip to go on.`;

/** `riskline publish`: transactions from files or standard input onto the transactions exchange. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("publishes transactions from .ndjson and .csv files, or from standard input (-)")
    .argument("<file...>", "what to publish, one after the other")
    .addOption(new Option("--format <name>", "what the files are, whatever their names").choices(FORMATS))
    .option("--map <module>", "TypeScript or JavaScript module that makes transactions of CSV rows")
    .addOption(new Option("--lane <name>", "which queue they go to").choices(LANES).default("standard"))
    .addOption(
      new Option("--rate <number>", "transactions per second at most")
        .argParser(decimalNumber(0.001, 1_000_000))
        .default(Infinity, "as fast as it goes"),
    )
    .option(
      "--skip <number>",
      "leave out the first ones, counted over all files",
      wholeNumber(0, MOST_RECORDS),
      0,
    )
    .addOption(
      new Option("--limit <number>", "end after so many")
        .argParser(wholeNumber(0, MOST_RECORDS))
        .default(Infinity, "all"),
    )
    .option("--check", "look at every line first, and publish nothing if a worker would refuse one")
    .option("--dry-run", "look at every line, and publish nothing in any case")
    .option("--json", "print the summary as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: PublishFlags) => {
      process.exitCode = await run(files, flags);
    });
}

/** Gives the exit status. */
async function run(files: readonly string[], flags: PublishFlags): Promise<number> {
  const settings = readCommandSettings(["installation", "broker"]);
  const sources = await findSources(files, flags);
  const signal = stopSignal();
  if (flags.check === true || flags.dryRun === true) {
    if (flags.dryRun !== true) refuseUnrepeatable(sources);
    const report = await checkSources(sources, flags, signal);
    const isGood = report.problems.count === 0;
    if (flags.dryRun === true || !isGood) {
      process.stdout.write(formatCheck(report, flags));
      return isGood ? 0 : 1;
    }
  }
  const publication = await publishSources(sources, { ...flags, settings }, signal);
  process.stdout.write(formatPublication(publication, flags));
  sayWhatIsLeft(publication, signal);
  return publication.isComplete ? 0 : 1;
}

function refuseUnrepeatable(sources: readonly Source[]): void {
  const unrepeatable = sources.find(({ bytes }) => bytes === undefined);
  if (unrepeatable === undefined) return;
  throw new UsageError(`${unrepeatable.file}: can be read only once, but --check reads before it publishes`);
}

/** @throws what ended it early */
function sayWhatIsLeft({ report, settledRecords }: Publication, signal: AbortSignal): void {
  process.stderr.write(report.refused.format());
  const { failure, settledUpTo } = report;
  if (failure === undefined && !signal.aborted) return;
  const why: unknown = failure ?? signal.reason;
  const upTo = settledUpTo === undefined ? "nothing" : `up to ${settledUpTo.file} line ${settledUpTo.line}`;
  const said = why instanceof Error ? why.message : String(why);
  throw new Error(`${said} (published: ${upTo}; go on with --skip ${settledRecords})`, { cause: why });
}
