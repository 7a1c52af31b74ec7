import { Command, InvalidArgumentError } from "commander";
import { parseJson } from "../../../shared/domain/parse-json.ts";
import { riskResultSchema } from "../../../shared/domain/risk-result.ts";
import { transactionSchema } from "../../../shared/domain/transaction.ts";
import { escapeHiddenInJson } from "../../../shared/process/escape-hidden.ts";
import { readResult, type ReadResult } from "../../../shared/redis/journal/read-result.ts";
import { formatResult } from "../format-result.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { withRedis } from "../with-redis.ts";

const EXAMPLES = `
Examples:
  $ riskline result T202611230000001
  $ riskline result T202611230000001 --json | jq -r .verdict

The exit status is 1 where no result is stored; standard error then says what is known of the transaction.`;

/** `riskline result`: the stored result of one transaction. */
export function resultCommand(): Command {
  return new Command("result")
    .description("shows the stored result of a transaction")
    .argument("<id>", "the transaction's id", readTransactionId)
    .option("--json", "print the stored JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (transactionId: string, { json }: { json?: true }) => {
      const found = await read(transactionId);
      if (found.kind !== "result") throw new Error(`${transactionId}: ${explain(found)}`);
      process.stdout.write(json ? asStored(found.json) : formatStored(found.json));
    });
}

function readTransactionId(text: string): string {
  const id = transactionSchema.shape.transactionId.safeParse(text);
  if (id.success) return id.data;
  throw new InvalidArgumentError("A transaction's id is 1 to 64 of A-Z a-z 0-9 . _ -");
}

async function read(transactionId: string): Promise<ReadResult> {
  const { installation, redis } = readCommandSettings(["installation", "redis"]);
  return withRedis(redis.url, (client) => readResult(client, installation.namespace, transactionId));
}

function explain(found: Exclude<ReadResult, { kind: "result" }>): string {
  switch (found.kind) {
    case "expired":
      return "had a result, which is no longer stored (RESULT_TTL_SECONDS)";
    case "dead-letter":
      return `no result: it is a dead letter, ${found.deadLetter.reason}: ${found.deadLetter.detail}`;
    case "unsettled":
      return `no result yet; API calls made so far: ${found.calls}`;
    case "unknown":
      return "no such transaction: never taken up by a worker of this NAMESPACE, malformed, or long forgotten";
    case "unreadable":
      return `what is stored of it cannot be read (${found.key})`;
  }
}

/** What a newer version may have stored in another form is shown as it is stored. */
function formatStored(json: string): string {
  const result = riskResultSchema.safeParse(parseJson(json));
  return result.success ? formatResult(result.data) : asStored(json);
}

/** The same JSON, in which a terminal finds nothing to obey. */
const asStored = (json: string): string => `${escapeHiddenInJson(json)}\n`;
