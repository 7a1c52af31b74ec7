import { CommanderError } from "commander";
import { UsageError } from "./usage-error.ts";

/** The exit status that an error means: 1 failed, 2 wrong usage, 0 where help or the version was asked for. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (!(error instanceof CommanderError)) return 1;
  // Commander itself says 1 of every wrong command line; "commander.error" is what a command of ours said.
  return error.exitCode === 1 && error.code !== "commander.error" ? 2 : error.exitCode;
}
