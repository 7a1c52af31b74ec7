import { Command, Option } from "commander";
import { complain } from "../complain.ts";
import { durationFlag } from "../duration-flag.ts";
import { formatJson } from "../format-json.ts";
import { formatStatus, statusJson } from "../format-status.ts";
import { StatusReader } from "../read-status.ts";
import { stopSignal } from "../stop-signal.ts";
import { watchStatus } from "../watch-status.ts";

interface StatusFlags {
  readonly watch?: true;
  readonly interval: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline status
  $ riskline status --watch
  $ riskline status --watch --interval 10s >> status.log
  $ riskline status --json | jq '.broker.queues[] | {name, ready}'

Shows what can be shown where the broker or Redis is away; the exit status is 1 then. Watching goes on until Ctrl-C,
whatever is away; with --json it prints a line for each look. Looking changes nothing. Errors are of the last day.`;

/** `riskline status`: queues, replicas, errors, quota, holds and spend, at a glance. */
export function statusCommand(): Command {
  return new Command("status")
    .description("shows queues, replicas, errors, quota, holds and spend at a glance")
    .option("-w, --watch", "look again and again, until Ctrl-C")
    .addOption(
      new Option("--interval <duration>", "between two looks").argParser(durationFlag).default(2_000, "2s"),
    )
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: StatusFlags) => {
      const reader = new StatusReader();
      for (const warning of reader.warnings) process.stderr.write(`warning: ${warning}\n`);
      try {
        await (flags.watch ? watch(reader, flags) : lookOnce(reader, flags));
      } finally {
        await reader.close();
      }
    });
}

function watch(reader: StatusReader, { interval, json }: StatusFlags): Promise<void> {
  return watchStatus({ reader, intervalMs: interval, json: json === true, signal: stopSignal() });
}

async function lookOnce(reader: StatusReader, { json }: StatusFlags): Promise<void> {
  const status = await reader.read();
  process.stdout.write(json ? formatJson(statusJson(status)) : formatStatus(status, Date.now()));
  const inRedis = status.redis.ok
    ? [status.redis.value.spend, status.redis.value.putOff, status.redis.value.failures]
    : [];
  for (const part of [status.queues, status.redis, ...inRedis]) {
    if (part.ok) continue;
    complain(part.error);
    process.exitCode = 1;
  }
}
