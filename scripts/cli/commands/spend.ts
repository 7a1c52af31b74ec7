import { Command, InvalidArgumentError, Option } from "commander";
import { dayAt } from "../../../shared/domain/alipay-calendar.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import {
  readCurrent,
  readDays,
  readMerchants,
  readPeriod,
} from "../../../shared/redis/journal/read-books.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { formatSpend } from "../spend/format-spend.ts";
import { spendCsv } from "../spend/spend-csv.ts";
import { spendJson } from "../spend/spend-json.ts";
import type { SpendReport } from "../spend/spend-report.ts";
import { UsageError } from "../usage-error.ts";
import { withRedis } from "../with-redis.ts";
import { writeOut } from "../write-out.ts";

interface SpendFlags {
  readonly day?: string;
  readonly month?: string;
  readonly by?: "day" | "merchant";
  readonly json?: true;
  readonly csv?: true;
}

const EXAMPLES = `
Examples:
  $ riskline spend
  $ riskline spend --month 2026-11 --by merchant
  $ riskline spend --by day --csv > november.csv
  $ riskline spend --day 2026-11-23 --json | jq -r .cost.value

Days and months are Alipay's (GMT+8). A call counts from the moment when it was allowed to leave, whatever came of it.
Kept for 400 days. What will be billed needs ALIPAY_MINIMUM_PER_MONTH as your contract has it.`;

/** `riskline spend`: what calls cost, and what was saved. */
export function spendCommand(): Command {
  return new Command("spend")
    .description("shows what calls cost and what was saved, by day, month and merchant")
    .addOption(new Option("--day <date>", "a day, such as 2026-11-23").argParser(dayFlag).conflicts("month"))
    .option("--month <month>", "a month, such as 2026-11; this month where nothing is said", monthFlag)
    .addOption(new Option("--by <what>", "all days or merchants of the month").choices(["day", "merchant"]))
    .option("--json", "print it as JSON")
    .addOption(new Option("--csv", "print it as CSV").conflicts("json"))
    .addHelpText("after", EXAMPLES)
    .action(async (flags: SpendFlags) => {
      if (flags.day !== undefined && flags.by !== undefined) {
        throw new UsageError("--by parts a month: it cannot be combined with --day");
      }
      const { installation, redis, spending } = readCommandSettings(["installation", "redis", "spending"]);
      const report = await withRedis(redis.url, (client) => read(client, installation.namespace, flags));
      await writeOut(formatAs(flags, report, spending.minimumPerMonth));
    });
}

async function read(client: RedisClient, namespace: string, flags: SpendFlags): Promise<SpendReport> {
  const { day, month, by } = flags;
  const asked = day ?? month;
  const total =
    asked === undefined
      ? (await readCurrent(client, namespace)).month
      : await readPeriod(client, namespace, asked);
  if (by === "day") return { total, days: await readDays(client, namespace, total.period) };
  if (by === "merchant") return { total, merchants: await readMerchants(client, namespace, total.period) };
  return { total };
}

function formatAs({ json, csv }: SpendFlags, report: SpendReport, minimumPerMonth: number): string {
  if (json) return formatJson(spendJson(report, minimumPerMonth));
  return csv ? spendCsv(report) : formatSpend(report, minimumPerMonth);
}

function dayFlag(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && exists(text)) return text;
  throw new InvalidArgumentError("Wanted: a day that exists, such as 2026-11-23.");
}

function monthFlag(text: string): string {
  if (/^\d{4}-\d\d$/.test(text) && exists(`${text}-01`)) return text;
  throw new InvalidArgumentError("Wanted: a month that exists, such as 2026-11.");
}

/** 30 February would be taken for 2 March. */
function exists(day: string): boolean {
  const atMs = Date.parse(`${day}T00:00:00+08:00`);
  return !Number.isNaN(atMs) && dayAt(atMs) === day;
}
