import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { complain } from "./complain.ts";
import { exitStatusOf } from "./exit-status.ts";
import { heedOutputErrors } from "./heed-output-errors.ts";

/** Loaded one at a time where the command line names one: each brings drivers of its own. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["demo", async () => (await import("./commands/demo.ts")).demoCommand()],
  ["worker", async () => (await import("./commands/worker.ts")).workerCommand()],
  ["sample", async () => (await import("./commands/sample.ts")).sampleCommand()],
  ["publish", async () => (await import("./commands/publish.ts")).publishCommand()],
  ["result", async () => (await import("./commands/result.ts")).resultCommand()],
  ["results", async () => (await import("./commands/results.ts")).resultsCommand()],
  ["status", async () => (await import("./commands/status.ts")).statusCommand()],
  ["spend", async () => (await import("./commands/spend.ts")).spendCommand()],
  ["dead-letters", async () => (await import("./commands/dead-letters.ts")).deadLettersCommand()],
  ["quota", async () => (await import("./commands/quota.ts")).quotaCommand()],
  ["audit", async () => (await import("./commands/audit.ts")).auditCommand()],
  ["plan", async () => (await import("./commands/plan.ts")).planCommand()],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctorCommand()],
  ["sandbox", async () => (await import("./commands/sandbox.ts")).sandboxCommand()],
  ["keys", async () => (await import("./commands/keys.ts")).keysCommand()],
]);

const EXIT_STATUS = `
Results go to standard output, everything else to standard error.
Exit status: 0 done, 1 failed, 2 wrong usage. LOG_LEVEL=debug shows where an error comes from.`;

async function run(args: readonly string[]): Promise<void> {
  heedOutputErrors();
  const program = new Command("riskline")
    .description(packageJson.description)
    .version(packageJson.version)
    .addHelpText("after", EXIT_STATUS);
  const wanted = COMMANDS.get(args[0] ?? "");
  const loading = wanted === undefined ? [...COMMANDS.values()] : [wanted];
  for (const load of loading) program.addCommand(await load());
  tame(program);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = exitStatusOf(error);
    complain(error);
  }
}

/**
 * Commander would end the process before what was written is out, and with a status of its own; and what is wrong
 * with an argument it would say with all that is in it.
 */
function tame(command: Command): void {
  command.exitOverride();
  command.configureOutput({ outputError: (text, write) => write(`${printable(text).trim()}\n`) });
  command.commands.forEach(tame);
}

/** A terminal must not obey what somebody pasted. */
const printable = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");

await run(process.argv.slice(2));
