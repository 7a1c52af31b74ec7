import { Command } from "commander";
import { writeAudit } from "../../../shared/redis/audit.ts";
import { ReplayRecords } from "../../../shared/redis/replay-records.ts";
import { formatRecords, recordJson } from "../dead-letters/format-replay.ts";
import { formatJson } from "../format-json.ts";
import { wholeNumber } from "../number-flags.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { withRedis } from "../with-redis.ts";

const LIST_EXAMPLES = `
Examples:
  $ riskline dead-letters replays
  $ riskline dead-letters replays --json | jq -r '.[] | select(.state != "finished") | .id'`;

/** `riskline dead-letters replays`: the runs of the last 90 days. */
export function replaysCommand(): Command {
  return new Command("replays")
    .description("lists replays, and how far they are")
    .option("--limit <number>", "the newest so many", wholeNumber(1, 1_000), 20)
    .option("--json", "print it as JSON")
    .addHelpText("after", LIST_EXAMPLES)
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

const PAUSE_EXAMPLES = `
Examples:
  $ riskline dead-letters pause R20261123040044-1f2a3b --why "the gateway asks for calm"

What was put back is worked on; nothing more is. It goes on with: riskline dead-letters replay --resume ID`;

/** `riskline dead-letters pause`: a replay that somebody else runs. */
export function pauseCommand(): Command {
  return new Command("pause")
    .description("pauses a running replay, wherever it runs")
    .argument("<replay>", "its id")
    .option("--why <text>", "why, for the audit", reasonFlag)
    .addHelpText("after", PAUSE_EXAMPLES)
    .action(async (id: string, { why }: { why?: string }) => {
      const { installation, redis } = readCommandSettings(["installation", "redis"]);
      const { namespace, operator } = installation;
      await withRedis(redis.url, async (client) => {
        const records = new ReplayRecords(client, namespace);
        const record = await records.read(id, await redisNow(client));
        if (record?.state !== "running") throw new Error(`${id}: no such replay is running`);
        await records.wantPause(id);
        await writeAudit(client, namespace, {
          act: "dead-letters-pause",
          by: operator,
          reason: why ?? "",
          details: { replay: id },
        });
        process.stdout.write(`${id}: pauses within seconds\n`);
      });
    });
}
