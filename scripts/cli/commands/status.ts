import { Command } from "commander";
import { complain } from "../complain.ts";
import { formatJson } from "../format-json.ts";
import { formatStatus, statusJson } from "../format-status.ts";
import { StatusReader } from "../read-status.ts";

const EXAMPLES = `
Examples:
  $ riskline status
  $ riskline status --json | jq '.broker.queues[] | {name, ready}'

Shows what can be shown where the broker or Redis is away; the exit status is 1 then. Looking changes nothing.`;

/** `riskline status`: queues, replicas, quota, holds and spend, at a glance. */
export function statusCommand(): Command {
  return new Command("status")
    .description("shows queues, replicas, quota, holds and spend at a glance")
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json }: { json?: true }) => {
      const reader = new StatusReader();
      for (const warning of reader.warnings) process.stderr.write(`warning: ${warning}\n`);
      const status = await reader.read();
      await reader.close();
      process.stdout.write(json ? formatJson(statusJson(status)) : formatStatus(status));
      for (const part of [status.queues, status.redis]) {
        if (part.ok) continue;
        complain(part.error);
        process.exitCode = 1;
      }
    });
}
