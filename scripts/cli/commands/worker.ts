import { Command } from "commander";

const EXAMPLES = `
Examples:
  $ riskline worker                        until Ctrl-C or SIGTERM; log lines on standard output
  $ HTTP_PORT=0 LOG_LEVEL=warn riskline worker
  $ curl -s localhost:9464/readyz          whether it can work, and if not, why

All settings come from the environment or a .env file. What is wrong with them is told at once, by name.`;

/** `riskline worker`: one replica, until SIGTERM or SIGINT. */
export function workerCommand(): Command {
  return new Command("worker")
    .description("runs one worker replica: takes transactions, asks for their risk, publishes verdicts")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      // Only now: all the drivers behind it take longer to load than everything else.
      const { runWorker } = await import("../../../workers/risk-detection/main.ts");
      process.exitCode = await runWorker();
      // What had to be given up may have left something open.
      if (process.exitCode !== 0) process.exit();
    });
}
