import { Command, Option } from "commander";
import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { createPublisher } from "../../shared/amqp/publisher.ts";
import { LANES, type Lane } from "../../shared/domain/delivery.ts";
import { connectToBroker } from "./connect-to-broker.ts";
import { decimalNumber, wholeNumber } from "./number-flags.ts";
import { checkRecords, type CheckReport } from "./publish/check-records.ts";
import { findSources, type SourceFlags } from "./publish/find-sources.ts";
import { messageOf } from "./publish/message-of.ts";
import { showProgress, type Progress, type ProgressOptions } from "./publish/progress.ts";
import { publishRecords, type PublishReport } from "./publish/publish-records.ts";
import { readRecords } from "./publish/read-records.ts";
import { selectRecords, type NumberedRecord } from "./publish/select-records.ts";
import { FORMATS, type Source } from "./publish/source.ts";
import { formatCheck, formatPublication, type Publication } from "./publish/format-reports.ts";
import { readCommandSettings } from "./read-command-settings.ts";
import { stopSignal } from "./stop-signal.ts";
import { UsageError } from "./usage-error.ts";

interface PublishFlags extends SourceFlags {
  readonly lane: Lane;
  readonly rate: number;
  readonly skip: number;
  readonly limit: number;
  readonly check?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const MOST = 1e12;

const EXAMPLES = `
Examples:
  $ riskline publish payments.ndjson                   one transaction in each line, published as it is
  $ riskline publish payments.csv --map ./mine.ts      each row made a transaction by a module of yours
  $ riskline publish --check --dry-run payments.ndjson lists what a worker would refuse, publishes nothing
  $ riskline publish --rate 50 --lane urgent a.ndjson b.ndjson
  $ generate-payments | riskline publish -             NDJSON from standard input

A mapping module exports mapRow(row, lineNumber) or a default function; row holds the texts of one CSV row by the
names in the header, and what is returned is published as JSON, good or bad. scripts/mappings/NAME.ts serves
NAME.csv without --map.

Every line is published at least once: while the broker is away it waits, and what was not confirmed is published
again under the same id. Ctrl-C waits for the confirms and says with which --skip to go on.`;

/** `riskline publish`: transactions from files or standard input onto the transactions exchange. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("publishes transactions from .ndjson and .csv files or standard input (-)")
    .argument("<file...>", "files to publish, one after the other")
    .addOption(new Option("--format <name>", "instead of what the name ends with").choices(FORMATS))
    .option("--map <module>", "TypeScript or JavaScript module that makes transactions of CSV rows")
    .addOption(new Option("--lane <name>", "which queue they go to").choices(LANES).default("standard"))
    .addOption(
      new Option("--rate <number>", "transactions per second at most")
        .argParser(decimalNumber(0.001, 1_000_000))
        .default(Infinity, "as fast as it goes"),
    )
    .option("--skip <number>", "leave out so many from the beginning of the first file on", wholeNumber(0, MOST), 0)
    .addOption(
      new Option("--limit <number>", "end after so many").argParser(wholeNumber(0, MOST)).default(Infinity, "all"),
    )
    .option("--check", "first look at every line, and publish nothing if a worker would refuse one")
    .option("--dry-run", "look at every line as --check does, and publish nothing in any case")
    .option("--json", "prints the summary as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: PublishFlags) => {
      process.exitCode = await publish(files, flags);
    });
}

async function publish(files: readonly string[], flags: PublishFlags): Promise<number> {
  const settings = readCommandSettings(["installation", "broker"]);
  const sources = await findSources(files, flags);
  const signal = stopSignal();
  if (flags.dryRun || flags.check) {
    if (!flags.dryRun) refuseUnrepeatable(sources);
    const report = await check(sources, flags, signal);
    const isGood = report.problems.count === 0;
    if (flags.dryRun || !isGood) {
      process.stdout.write(formatCheck(report, flags));
      return isGood ? 0 : 1;
    }
  }
  const publication = await publishSources(sources, flags, settings, signal);
  process.stdout.write(formatPublication(publication, flags));
  sayWhatIsLeft(publication, signal);
  return publication.report.refused.count === 0 ? 0 : 1;
}

function refuseUnrepeatable(sources: readonly Source[]): void {
  const unrepeatable = sources.find(({ bytes }) => bytes === undefined);
  if (unrepeatable === undefined) return;
  throw new UsageError(`${unrepeatable.file}: can be read only once, and --check reads it before it is published`);
}

async function check(
  sources: readonly Source[],
  flags: PublishFlags,
  signal: AbortSignal,
): Promise<CheckReport> {
  const progress = showProgress({ done: "checked", total: totalOf(sources, flags) });
  try {
    return await checkRecords(select(sources, flags, progress, signal), progress.advance);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    progress.end();
  }
}

async function publishSources(
  sources: readonly Source[],
  flags: PublishFlags,
  settings: Parameters<typeof connectToBroker>[0]["settings"],
  signal: AbortSignal,
): Promise<Publication> {
  const progress = showProgress({ done: "published", total: totalOf(sources, flags) });
  const { exchange, routingKey } = targetOf(settings.installation.namespace, flags.lane);
