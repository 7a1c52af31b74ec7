import { Command } from "commander";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import { auditAct } from "../dead-letters/audit-act.ts";
import { exportLetters, LetterFile, PER_CHANNEL, type Exported } from "../dead-letters/export-letters.ts";
import { holdLetters, withLetters, type LettersSession } from "../dead-letters/letters-session.ts";
import {
  addSelectionFlags,
  hasFilterFlag,
  readSelection,
  type SelectionFlags,
} from "../dead-letters/selection-flags.ts";
import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { inGroups } from "../in-groups.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface DiscardFlags extends SelectionFlags {
  readonly all?: true;
  readonly out?: string;
  readonly why: string;
  readonly yes?: true;
  readonly wait?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline dead-letters discard --id T202611230000032 --why "a test payment"
  $ riskline dead-letters discard --reason expired --until 7d --why "nobody waits for them" --out expired.ndjson

They are written into a file first (see export), whatever happens later; what is not in it is not taken away.`;

/** `riskline dead-letters discard`: away with them, but into a file first. */
export function discardCommand(): Command {
  const command = new Command("discard").description(
    "takes dead letters off the queue for good, after exporting them",
  );
  return addSelectionFlags(command)
    .requiredOption("--why <text>", "why, for the audit", reasonFlag)
    .option("--all", "all of them, where no filter is given")
    .option("--out <file>", "the new file that they are written into (dead-letters-TIME.ndjson)")
    .option("--yes", "do not ask")
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DiscardFlags) => {
      if (hasFilterFlag(flags) === (flags.all === true))
        throw new UsageError("which ones? Give a filter, or --all");
      const settings = readCommandSettings(["installation", "broker", "redis"]);
      const { letters, ...file } = await withLetters(
        { settings, wait: flags.wait === true, signal: stopSignal() },
        (session) => runDiscard(session, flags),
      );
      if (flags.json === true) process.stdout.write(formatJson({ discarded: letters, ...file }));
      else process.stdout.write(fitRows([["discarded", inGroups(letters)], ...Object.entries(file)]));
    });
}

/** Exports, asks, writes the audit, and only then removes what is in the file; without a yes, no file is left either. */
async function runDiscard(session: LettersSession, flags: DiscardFlags): Promise<Exported> {
  const nowMs = await redisNow(session.client);
  const selection = readSelection(flags, nowMs);
  const path = flags.out ?? `dead-letters-${new Date(nowMs).toISOString().replaceAll(/\W/g, "")}.ndjson`;
  const discarded = new Set<string>();
  const exported = await holdLetters(session, "dead-letters discard", async (letters, signal) => {
    const removals: (() => boolean)[] = [];
    const onExported = (letter: Letter, remove: () => boolean): void => {
      discarded.add(letter.instance);
      removals.push(remove);
    };
    const written = await LetterFile.use(path, async (file) => {
      const add = (line: string): void => file.add(line);
      await exportLetters(letters, selection, session, { add, onExported }, signal);
      const closed = file.close();
      if (!("file" in closed)) return closed;
      const danger = `To be taken off the queue: ${inGroups(closed.letters)} (they are in ${closed.file}).`;
      await agreeToDanger(danger, flags.yes === true);
      await auditAct(session, "dead-letters-discard", flags.why, { selection, ...closed });
      return closed;
    });
    // Only now, when nothing takes the file away any more.
    for (const remove of removals) remove();
    return written;
  });
  while (exported.letters > 0 && (await removeAgain(discarded, session)) > 0);
  return exported;
}

/** An ack may be lost: what is in the file and still there goes now. Gives how many there were. */
function removeAgain(discarded: ReadonlySet<string>, session: LettersSession): Promise<number> {
  return holdLetters({ ...session, isPatient: true }, "dead-letters discard", async (letters, signal) => {
    let removed = 0;
    await letters.read({
      perChannel: PER_CHANNEL,
      signal,
      onLetter: ({ message, remove }) => {
        const { instance } = readLetter(message, session.names.exchanges.transactions);
        if (discarded.has(instance) && remove()) removed += 1;
        return "next";
      },
    });
    return removed;
  });
}
