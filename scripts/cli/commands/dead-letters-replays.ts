import { Command } from "commander";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { ReplayRecords } from "../../../shared/redis/letters/replay-records.ts";
import { formatRecords, recordJson } from "../dead-letters/format-replay.ts";
import { formatJson } from "../format-json.ts";
import { wholeNumber } from "../number-flags.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { withRedis } from "../with-redis.ts";

const EXAMPLES = `
Examples:
  $ riskline dead-letters replays
  $ riskline dead-letters replays --json | jq -r '.[] | select(.state != "finished") | .id'`;

/** `riskline dead-letters replays`: the runs of the last 90 days. */
export function replaysCommand(): Command {
  return new Command("replays")
    .description("lists replays, and how far they are")
    .option("--limit <number>", "the newest so many", wholeNumber(1, 1_000), 20)
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const { installation, redis } = readCommandSettings(["installation", "redis"]);
      await withRedis(redis.url, async (client) => {
        const records = await new ReplayRecords(client, installation.namespace).last(
          limit,
          await redisNow(client),
        );
        process.stdout.write(json === true ? formatJson(records.map(recordJson)) : formatRecords(records));
      });
    });
}
