import { Command } from "commander";
import { readLedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { attempt } from "../attempt.ts";
import { withBudgetHolds } from "../budget-holds.ts";
import { complain } from "../complain.ts";
import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { ledgerJson, ledgerRows, spendJson, spendRow } from "../format-ledger.ts";
import { problemOf } from "../problem-of.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { withRedis } from "../with-redis.ts";

const EXAMPLES = `
Examples:
  $ riskline quota show
  $ riskline quota show --json | jq '.windows[] | {window, used, margin}'

The ledger belongs to ALIPAY_APP_ID and ALIPAY_GATEWAY_URL, whatever the namespace. Looking changes nothing.`;

/** `riskline quota show`: windows, spacing, brake, strikes, holds and replicas. */
export function quotaShowCommand(): Command {
  return new Command("show")
    .description("shows what is used of the quota, and whether calls are braked or held")
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json }: { json?: true }) => {
      const { application, spend, ledger, strikesPerDay } = await read();
      if (!spend.ok) {
        complain(spend.error);
        process.exitCode = 1;
      }
      if (json) {
        const spendToday = spend.ok ? spendJson(spend.value) : { problem: problemOf(spend.error) };
        process.stdout.write(
          formatJson({ ...application, ...ledgerJson(ledger, strikesPerDay), spendToday }),
        );
        return;
      }
      const whose = [
        ["application", application.appId],
        ["gateway", application.gatewayUrl],
      ] as const;
      process.stdout.write(
        fitRows([
          ...whose,
          ...ledgerRows(ledger, strikesPerDay),
          ...(spend.ok ? [spendRow(spend.value)] : []),
        ]),
      );
    });
}

async function read() {
  const settings = readCommandSettings(["installation", "redis", "application", "quota"]);
  const { application, quota, installation } = settings;
  return withRedis(settings.redis.url, async (client) => {
    const spend = await attempt(() => readCurrent(client, installation.namespace));
    const ledger = await readLedgerOverview(client, application, quota.windows);
    return {
      application,
      ledger: spend.ok ? withBudgetHolds(ledger, spend.value) : ledger,
      spend,
      strikesPerDay: quota.limitStrikesPerDay,
    };
  });
}
