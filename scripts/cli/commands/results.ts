import { Command, Option } from "commander";
import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { watchResults } from "../../../shared/amqp/watch-results.ts";
import { parseJson } from "../../../shared/domain/parse-json.ts";
import {
  riskResultSchema,
  VERDICTS,
  type RiskResult,
  type Verdict,
} from "../../../shared/domain/risk-result.ts";
import { connectToBroker } from "../connect-to-broker.ts";
import { formatJsonLine } from "../format-json.ts";
import { formatResultLine } from "../format-result.ts";
import { noteOnce } from "../note-once.ts";
import { wholeNumber } from "../number-flags.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";
import { writeOut } from "../write-out.ts";

interface ResultsFlags {
  readonly follow?: true;
  readonly verdict: readonly Verdict[];
  readonly count: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline results --follow
  $ riskline results --follow --verdict review decline
  $ riskline results --follow --json --count 100 > sample.ndjson

Watches on a queue of its own, so no consumer misses a result. What was published before, or while the broker was
away, is not shown; the result of one transaction is: riskline result ID.`;

/** `riskline results --follow`: results as they go by. */
export function resultsCommand(): Command {
  return new Command("results")
    .description("watches results go by, taking none away from their consumers")
    .option("-f, --follow", "watch until Ctrl-C")
    .addOption(
      new Option("--verdict <name...>", "only these").choices(VERDICTS).default(VERDICTS, "all of them"),
    )
    .addOption(
      new Option("--count <number>", "end after so many")
        .argParser(wholeNumber(1, 1e12))
        .default(Infinity, "never"),
    )
    .option("--json", "print each result's JSON, one in each line")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ResultsFlags) => {
      if (flags.follow !== true) {
        throw new UsageError(
          "results are watched with --follow; `riskline result ID` shows a stored one, `riskline status` how many wait",
        );
      }
      await follow(flags);
    });
}

async function follow(flags: ResultsFlags): Promise<void> {
  const settings = readCommandSettings(["installation", "broker"]);
  const enough = new AbortController();
  const signal = AbortSignal.any([stopSignal(), enough.signal]);
  const note = noteOnce();
  let left = flags.count;
  const connection = await connectToBroker({ settings, command: "results", note, signal });
  await watchResults({
    connection,
    exchange: brokerNames(settings.installation.namespace).exchanges.results,
    signal,
    onResult: async (body) => {
      const result = readResult(body);
      if (result === undefined) return note("left out what is not a result of this version");
      if (left === 0 || !flags.verdict.includes(result.verdict)) return;
      left -= 1;
      await writeOut(flags.json ? formatJsonLine(result) : formatResultLine(result));
      if (left === 0) enough.abort();
    },
    onWatching: () => note("watching results; Ctrl-C ends it"),
    onLost: (error) => note(`watching was interrupted, trying again: ${error.message}`),
  });
  await connection.close();
}

/** Anybody may publish to the exchange, also what nests too deep to be parsed. */
function readResult(body: Buffer): RiskResult | undefined {
  try {
    return riskResultSchema.safeParse(parseJson(body.toString())).data;
  } catch {
    return undefined;
  }
}
