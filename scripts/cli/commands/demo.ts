import { Command, Option } from "commander";
import { errorFields } from "../../../shared/process/error-fields.ts";
import { SAMPLE_DEFAULTS, SAMPLE_LIMITS } from "../../sample/sample-limits.ts";
import { SCENARIO_NAMES } from "../../sandbox/scenarios.ts";
import type { DemoFlags, runDemo } from "../demo/run-demo.ts";
import { wholeNumber } from "../number-flags.ts";

const EXAMPLES = `
Examples:
  $ riskline demo
  $ riskline demo --keep                     leaves it running to play with, and says how
  $ riskline demo --scenario flaky --rows 1000
  $ riskline demo --json | jq .results.byVerdict

RabbitMQ and Redis are those that AMQP_URL and REDIS_URL name (in a namespace of the demo's own), else containers, else
what is installed here, as private instances, else what apt can install; SERVICES=containers or SERVICES=installed
forces one way. A .env file is not read. Nothing is left behind, also after Ctrl-C; once more ends at once.

The exit status is 1 where a row has neither a result nor a dead letter. Scenarios: riskline sandbox --list-scenarios`;

const MOST_REPLICAS = 16;

/** `riskline demo`: the whole pipeline on this machine, no account needed. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("runs the whole pipeline on this machine and sums it up; no account needed")
    .option(
      "--rows <number>",
      "payments to publish",
      wholeNumber(1, SAMPLE_LIMITS.rows),
      SAMPLE_DEFAULTS.rows,
    )
    .option("--replicas <number>", "workers", wholeNumber(1, MOST_REPLICAS), 2)
    .addOption(
      new Option("--scenario <name>", "how the gateway behaves").choices(SCENARIO_NAMES).default("hiccups"),
    )
    .option("--seed <number>", "which payments", wholeNumber(0, SAMPLE_LIMITS.seed), SAMPLE_DEFAULTS.seed)
    .option("--keep", "leave it running afterwards, until Ctrl-C")
    .option("--json", "print the summary as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DemoFlags) => {
      const run = await loadDemo();
      process.exitCode = await run(flags);
    });
}

/** Images are built without what starts servers, and without this. */
async function loadDemo(): Promise<typeof runDemo> {
  try {
    return (await import("../demo/run-demo.ts")).runDemo;
  } catch (error) {
    if (errorFields(error).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      "the demo starts servers, which images cannot; run it from a clone: npm ci && npm run demo",
      { cause: error },
    );
  }
}
