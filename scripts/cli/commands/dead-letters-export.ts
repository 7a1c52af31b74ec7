import { writeSync } from "node:fs";
import { Command } from "commander";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { auditAct } from "../dead-letters/audit-act.ts";
import { exportLetters, LetterFile } from "../dead-letters/export-letters.ts";
import { holdLetters, withLetters, type LettersSession } from "../dead-letters/letters-session.ts";
import { addSelectionFlags, readSelection, type SelectionFlags } from "../dead-letters/selection-flags.ts";
import { formatJson } from "../format-json.ts";
import { inGroups } from "../in-groups.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { stopSignal } from "../stop-signal.ts";

interface ExportFlags extends SelectionFlags {
  readonly out?: string;
  readonly why?: string;
  readonly wait?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline dead-letters export --out letters.ndjson --why "for the dispute team"
  $ riskline dead-letters export --reason malformed | jq -r .body

One line of JSON for each message, with everything that is in it: bodies that are no UTF-8 as base64. Nothing is taken out
of the queue. Personal data is not masked, so it is written into the audit, and a file is for its owner alone.`;

/** `riskline dead-letters export`: the messages as they are, as NDJSON. */
export function exportCommand(): Command {
  const command = new Command("export").description(
    "writes dead letters as NDJSON, lossless, to a file or standard output",
  );
  return addSelectionFlags(command)
    .option("--all", "all of them: the same as without a filter")
    .option("--out <file>", "a new file; without it, standard output")
    .option("--why <text>", "why, for the audit", reasonFlag)
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "with --out: print what was written as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ExportFlags) => {
      const settings = readCommandSettings(["installation", "broker", "redis"]);
      await withLetters({ settings, wait: flags.wait === true, signal: stopSignal() }, (session) =>
        runExport(session, flags),
      );
    });
}

async function runExport(session: LettersSession, flags: ExportFlags): Promise<void> {
  const selection = readSelection(flags, await redisNow(session.client));
  await auditAct(session, "dead-letters-export", flags.why ?? "", {
    selection,
    file: flags.out ?? "standard output",
  });
  let count = 0;
  await holdLetters(session, "dead-letters export", async (letters, signal) => {
    const exportTo = (write: (line: string) => void): Promise<void> => {
      const add = (line: string): void => {
        count += 1;
        write(line);
      };
      return exportLetters(letters, selection, session, { add }, signal);
    };
    if (flags.out === undefined) return await exportTo(writeAll);
    const written = await LetterFile.use(flags.out, async (file) => {
      await exportTo((line) => file.add(line));
      return file.close();
    });
    if (flags.json === true) process.stdout.write(formatJson(written));
  });
  process.stderr.write(`exported: ${inGroups(count)}\n`);
}

/** Waits for whoever reads: nothing piles up in memory. */
function writeAll(line: string): void {
  const bytes = Buffer.from(line);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(process.stdout.fd, bytes, written);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}
