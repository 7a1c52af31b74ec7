import { fileURLToPath } from "node:url";
import { Program, type ProgramOptions } from "../../support/program.ts";

/** The way in. */
export const RISKLINE = fileURLToPath(new URL("../../../scripts/cli/riskline.js", import.meta.url));

/** In its working directory, a `.env` file is read. */
export interface RisklineOptions extends ProgramOptions {
  /** Node.js' own options. */
  readonly execArgv?: readonly string[];
}

/** The command line in a process of its own, as a user runs it; killed at the end of its test. */
export class RisklineProcess extends Program {
  constructor(args: readonly string[], { execArgv = [], ...options }: RisklineOptions = {}) {
    super(process.execPath, [...execArgv, RISKLINE, ...args], options);
  }
}

/** Runs a command to its end. */
export async function riskline(args: readonly string[], options: RisklineOptions & { input?: string } = {}) {
  const command = new RisklineProcess(args, options);
  if (options.input !== undefined) command.write(options.input);
  return command.end();
}
