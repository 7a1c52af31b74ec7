import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { complain } from "./complain.ts";
import { exitStatusOf } from "./exit-status.ts";
import { heedOutputErrors } from "./heed-output-errors.ts";

/** Loaded one at a time where the command line names one: each brings drivers of its own. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["worker", async () => (await import("./worker.ts")).workerCommand()],
  ["publish", async () => (await import("./publish.ts")).publishCommand()],
  ["result", async () => (await import("./result.ts")).resultCommand()],
  ["results", async () => (await import("./results.ts")).resultsCommand()],
  ["status", async () => (await import("./status.ts")).statusCommand()],
  ["quota", async () => (await import("./quota.ts")).quotaCommand()],
  ["audit", async () => (await import("./audit.ts")).auditCommand()],
  ["plan", async () => (await import("./plan.ts")).planCommand()],
  ["sandbox", async () => (await import("./sandbox.ts")).sandboxCommand()],
  ["keys", async () => (await import("./keys.ts")).keysCommand()],
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
  throwInsteadOfExiting(program);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = exitStatusOf(error);
    complain(error);
  }
}

/** Commander would end the process before what was written is out, and with a status of its own. */
function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExiting);
}

await run(process.argv.slice(2));
