import { Command } from "commander";
import { assessLetters } from "../dead-letters/assess-letters.ts";
import { auditAct } from "../dead-letters/audit-act.ts";
import { findLetters, withoutCopies } from "../dead-letters/find-letters.ts";
import { formatLetter, letterDetailsJson } from "../dead-letters/format-letter.ts";
import { holdLetters, withLetters } from "../dead-letters/letters-session.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface ShowFlags {
  readonly reveal?: true;
  readonly why?: string;
  readonly wait?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline dead-letters show T202611230000032
  $ riskline dead-letters show T202611230000032 --reveal --why "the merchant disputes the amount"

Personal data is masked: payer, device, place, metadata, and whatever no transaction should have. --reveal shows it, and
is written into the audit.`;

/** `riskline dead-letters show`: all that is known of one. */
export function showCommand(): Command {
  return new Command("show")
    .description("shows a dead letter: headers, calls made, its body, and what a replay would bring")
    .argument("<id>", "the transaction's id, or the letter's (8 characters or more of it)")
    .option("--reveal", "show personal data; audited, needs --why")
    .option("--why <text>", "why it is revealed, for the audit", reasonFlag)
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(id: string, flags: ShowFlags): Promise<void> {
  const isRevealed = flags.reveal === true;
  if (isRevealed && flags.why === undefined)
    throw new UsageError("--reveal needs --why: it is written into the audit");
  const settings = readCommandSettings(["installation", "broker", "redis", "calls", "policy", "journal"]);
  const options = { settings, wait: flags.wait === true, signal: stopSignal() };
  const shown = await withLetters(options, async (session) => {
    const found = await holdLetters(session, "dead-letters show", async (letters, signal) =>
      withoutCopies(await findLetters(id, letters, session, signal)),
    );
    if (found.length === 0) throw new Error(`${id}: no such dead letter`);
    const held = found.map(({ held: letter }) => letter);
    const assessed = await assessLetters(held, { client: session.client, settings, freshCalls: false });
    if (isRevealed) {
      const letters = assessed.map(({ letter }) => letter.instance);
      await auditAct(session, "dead-letters-reveal", flags.why ?? "", { id, letters });
    }
    return assessed.map((one, index) => ({
      assessed: one,
      sight: { isRevealed, messages: found[index]?.messages ?? 1 },
    }));
  });
  if (flags.json === true)
    process.stdout.write(formatJson(shown.map(({ assessed, sight }) => letterDetailsJson(assessed, sight))));
  else process.stdout.write(shown.map(({ assessed, sight }) => formatLetter(assessed, sight)).join("\n"));
}
