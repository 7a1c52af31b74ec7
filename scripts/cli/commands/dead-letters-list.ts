import { Command } from "commander";
import { formatGroups, formatPage, listJson } from "../dead-letters/format-list.ts";
import { withLetters } from "../dead-letters/letters-session.ts";
import { listLetters, type Page } from "../dead-letters/list-letters.ts";
import { addSelectionFlags, readSelection, type SelectionFlags } from "../dead-letters/selection-flags.ts";
import { formatJson } from "../format-json.ts";
import { wholeNumber } from "../number-flags.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { stopSignal } from "../stop-signal.ts";

interface ListFlags extends SelectionFlags {
  readonly letters?: true;
  readonly page?: number;
  readonly pageSize: number;
  readonly wait?: true;
  readonly json?: true;
}

const MOST = 1_000_000_000;
const EXAMPLES = `
Examples:
  $ riskline dead-letters list
  $ riskline dead-letters list --reason rejected --since 24h --min-amount 1000
  $ riskline dead-letters list --letters --page 2
  $ riskline dead-letters list --json | jq -r '.groups[] | [.letters, .reason, .code] | @tsv'

Nothing is taken out of the queue, and its order stays. While it is looked at, nobody else sees the letters: one command
at a time has them in hand, and when it ends, however it ends, they are back.`;

/** `riskline dead-letters list`: what is there, and what it is worth. */
export function listCommand(): Command {
  const command = new Command("list").description(
    "counts dead letters by reason and code, with the amounts at stake, or lists single ones",
  );
  return addSelectionFlags(command)
    .option("--letters", "single letters, in the order of the queue")
    .option("--page <number>", "which page of them", wholeNumber(1, MOST))
    .option("--page-size <number>", "letters on a page", wholeNumber(1, 10_000), 20)
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(flags: ListFlags): Promise<void> {
  const settings = readCommandSettings(["installation", "broker", "redis"]);
  const page = pageOf(flags);
  const list = await withLetters(
    { settings, wait: flags.wait === true, signal: stopSignal() },
    async (session) => listLetters(session, readSelection(flags, await redisNow(session.client)), page),
  );
  if (flags.json === true) process.stdout.write(formatJson(listJson(list, page)));
  else process.stdout.write(page === undefined ? formatGroups(list) : formatPage(list, page));
}

function pageOf({ letters, page, pageSize }: ListFlags): Page | undefined {
  return letters === true || page !== undefined ? { number: page ?? 1, size: pageSize } : undefined;
}
