import { Command } from "commander";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { ReplayRecords } from "../../../shared/redis/letters/replay-records.ts";
import { auditAct } from "../dead-letters/audit-act.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { withRedis } from "../with-redis.ts";

const EXAMPLES = `
Examples:
  $ riskline dead-letters pause R20261123040044-1f2a3b --why "the gateway asks for calm"

What was put back is worked on; nothing more is. It goes on with: riskline dead-letters replay --resume ID`;

/** `riskline dead-letters pause`: a replay that somebody else runs. */
export function pauseCommand(): Command {
  return new Command("pause")
    .description("pauses a running replay, wherever it runs")
    .argument("<replay>", "its id")
    .option("--why <text>", "why, for the audit", reasonFlag)
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, { why }: { why?: string }) => {
      const { installation, redis } = readCommandSettings(["installation", "redis"]);
      const { namespace, operator } = installation;
      await withRedis(redis.url, async (client) => {
        const records = new ReplayRecords(client, namespace);
        const record = await records.read(id, await redisNow(client));
        if (record?.state !== "running") throw new Error(`${id}: no such replay is running`);
        await auditAct({ client, namespace, operator }, "dead-letters-pause", why ?? "", { replay: id });
        await records.wantPause(id);
        process.stdout.write(`${id}: pauses within seconds\n`);
      });
    });
}
