import { Command } from "commander";
import { examine, REMOTES, type Remote } from "../doctor/examine.ts";
import { hasProblem } from "../doctor/finding.ts";
import { findingsJson, formatFindings } from "../doctor/format-findings.ts";
import { formatJson } from "../format-json.ts";
import { writeOut } from "../write-out.ts";

const EXAMPLES = `
Examples:
  $ riskline doctor
  $ riskline doctor --json | jq -r '.[] | select(.level == "problem") | .id + ": " + .cure'

Looking changes nothing, and makes no call: the gateway is asked for nothing, which is free. Exit status: 0 without a
problem (there may be warnings), 1 with one, 2 wrong usage. Takes some seconds where something does not answer.

AMQP does not show everything: look yourself for policies that match our queues (rabbitmqctl list_policies), for
bindings that somebody took away, and for a consumer_timeout below 10 minutes.`;

/** `riskline doctor`: everything a worker needs, and what to do about what is wrong. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("checks everything a worker needs and says what to fix")
    .option("--json", "print the findings as a JSON array")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json }: { json?: true }) => {
      const waiting = new Set(REMOTES);
      showProgress(waiting);
      const findings = await examine({
        onLooked(part) {
          waiting.delete(part);
          showProgress(waiting);
        },
      });
      await writeOut(json ? formatJson(findingsJson(findings)) : formatFindings(findings));
      if (hasProblem(findings)) process.exitCode = 1;
    });
}

const ERASE_LINE = "\r\u001B[K";

/** Whom we still wait for, on a terminal; nothing is left of it once all have answered. */
function showProgress(waiting: ReadonlySet<Remote>): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(ERASE_LINE + (waiting.size === 0 ? "" : `looking at: ${[...waiting].join(", ")}`));
}
