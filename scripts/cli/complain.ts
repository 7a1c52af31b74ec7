import { CommanderError } from "commander";
import { readEnvironment } from "../../shared/process/settings/environment.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";
import { withoutCredentials } from "../../shared/process/without-credentials.ts";
import { problemOf } from "./problem-of.ts";
import { UsageError } from "./usage-error.ts";

/** Says on standard error what went wrong, in a line for each problem; with LOG_LEVEL=debug also where. */
export function complain(error: unknown): void {
  if (error instanceof CommanderError) return; // commander has said it
  const hint = error instanceof UsageError ? " (--help tells more)" : "";
  const problem = error instanceof SettingsError ? error.message : problemOf(error);
  process.stderr.write(`riskline: ${problem}${hint}\n`);
  if (wantsStacks()) process.stderr.write(withoutCredentials(stacksOf(error)));
}

function stacksOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? ""}\n${stacksOf(error.cause)}` : "";
}

function wantsStacks(): boolean {
  try {
    return ["debug", "trace"].includes(readEnvironment()["LOG_LEVEL"] ?? "");
  } catch {
    return false; // an .env file that cannot be read, which is told already
  }
}
