import { Command } from "commander";
import { generateSample, SAMPLE_SCORE_ABOVE } from "../../sample/generate-sample.ts";
import { SAMPLE_DEFAULTS, SAMPLE_LIMITS } from "../../sample/sample-limits.ts";
import { wholeNumber } from "../number-flags.ts";
import { writeOut } from "../write-out.ts";

const EXAMPLES = `
Examples:
  $ riskline sample > sample.ndjson
  $ riskline sample | riskline publish -
  $ riskline sample --rows 100000 --seed 7 | riskline publish --dry-run -

The same rows and seed give the same bytes. Amounts are made for workers with SCORE_ABOVE=${SAMPLE_SCORE_ABOVE}: payers come back with
small amounts, and are answered from the cache. One row in fifty is bad.`;

/** Lines that are written at once. */
const CHUNK = 500;

/** `riskline sample`: the payments of the demo, as NDJSON on standard output. */
export function sampleCommand(): Command {
  return new Command("sample")
    .description("writes generated payments as NDJSON, good and bad ones: what the demo publishes")
    .option("--rows <number>", "how many", wholeNumber(1, SAMPLE_LIMITS.rows), SAMPLE_DEFAULTS.rows)
    .option("--seed <number>", "which ones", wholeNumber(0, SAMPLE_LIMITS.seed), SAMPLE_DEFAULTS.seed)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: { rows: number; seed: number }) => {
      let chunk: string[] = [];
      for (const { line } of generateSample(flags)) {
        chunk.push(`${line}\n`);
        if (chunk.length < CHUNK) continue;
        await writeOut(chunk.join(""));
        chunk = [];
      }
      await writeOut(chunk.join(""));
    });
}
