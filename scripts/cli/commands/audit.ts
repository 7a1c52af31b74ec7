import { Command } from "commander";
import { formatInstant } from "../../../shared/domain/instant.ts";
import { escapeHiddenInJson } from "../../../shared/process/escape-hidden.ts";
import { auditKey, readAudit, type AuditRecord } from "../../../shared/redis/audit.ts";
import { durationFlag } from "../duration-flag.ts";
import { formatAuditRecord } from "../format-audit-record.ts";
import { inGroups } from "../in-groups.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { withRedis } from "../with-redis.ts";
import { writeOut } from "../write-out.ts";

interface AuditFlags {
  readonly since?: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline audit
  $ riskline audit --since 24h --json | jq -r '.[] | [.at, .by, .act, .reason] | @tsv'

Oldest first. Who acts is RISKLINE_OPERATOR, or the system's user. An installation (NAMESPACE) has an audit of its own.`;

/** `riskline audit`: who did what to the installation, when and why. */
export function auditCommand(): Command {
  return new Command("audit")
    .description(
      "shows who did what, when and why: freezes, changes of the quota, replays and repairs of dead letters",
    )
    .option("--since <duration>", "only what was done in the last 90s, 30m, 24h, 7d …", durationFlag)
    .option("--json", "print it as a JSON array, a record in each line")
    .addHelpText("after", EXAMPLES)
    .action(async ({ since, json }: AuditFlags) => {
      const { installation, redis } = readCommandSettings(["installation", "redis"]);
      await withRedis(redis.url, async (client) => {
        const unreadable: string[] = [];
        const records = readAudit(client, installation.namespace, {
          lastMs: since,
          onUnreadable: (id) => unreadable.push(id),
        });
        await (json ? writeJson(records) : writeText(records));
        if (unreadable.length > 0) throw unreadableError(installation.namespace, unreadable);
      });
    });
}

/** Told at the end: nothing is ever taken out of an audit, and what can be read must not hang on it. */
function unreadableError(namespace: string, ids: readonly string[]): Error {
  const count = ids.length === 1 ? "1 record" : `${inGroups(ids.length)} records`;
  return new Error(`${auditKey(namespace)}: ${count} cannot be read: ${ids.join(", ")}`);
}

async function writeJson(records: AsyncIterable<AuditRecord>): Promise<void> {
  let separator = "[\n";
  for await (const { id, atMs, ...record } of records) {
    const json = JSON.stringify({ id, at: formatInstant(atMs), ...record });
    await writeOut(`${separator}${escapeHiddenInJson(json)}`);
    separator = ",\n";
  }
  await writeOut(separator === "[\n" ? "[]\n" : "\n]\n");
}

async function writeText(records: AsyncIterable<AuditRecord>): Promise<void> {
  for await (const record of records) await writeOut(formatAuditRecord(record));
}
