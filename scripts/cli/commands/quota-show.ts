import { Command } from "commander";
import { readLedgerOverview } from "../../../shared/redis/ledger-overview.ts";
import { readCurrent } from "../../../shared/redis/read-books.ts";
import { withBudgetHolds } from "../budget-holds.ts";
import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { ledgerJson, ledgerRows, spendJson, spendRow } from "../format-ledger.ts";
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
      if (json) {
        const all = { ...application, ...ledgerJson(ledger, strikesPerDay), spendToday: spendJson(spend) };
        process.stdout.write(formatJson(all));
        return;
      }
      const whose = [
        ["application", application.appId],
        ["gateway", application.gatewayUrl],
      ] as const;
      process.stdout.write(fitRows([...whose, ...ledgerRows(ledger, strikesPerDay), spendRow(spend)]));
    });
}

async function read() {
  const settings = readCommandSettings(["installation", "redis", "application", "quota"]);
  const { application, quota, installation } = settings;
  return withRedis(settings.redis.url, async (client) => {
    const spend = await readCurrent(client, installation.namespace);
    const ledger = await readLedgerOverview(client, application, quota.windows);
    return {
      application,
      ledger: withBudgetHolds(ledger, spend),
      spend,
      strikesPerDay: quota.limitStrikesPerDay,
    };
  });
}
