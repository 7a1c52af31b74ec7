import { CommanderError } from "commander";
import { readEnvironment } from "../../shared/process/environment.ts";
import { errorFields } from "../../shared/process/error-fields.ts";
import { SettingsError } from "../../shared/process/settings-error.ts";
import { withoutCredentials } from "../../shared/process/without-credentials.ts";
import { UsageError } from "./usage-error.ts";

/** Says on standard error what went wrong, in a line for each problem; with LOG_LEVEL=debug also where. */
export function complain(error: unknown): void {
  if (error instanceof CommanderError) return; // commander has said it
  process.stderr.write(`riskline: ${messageOf(error)}\n`);
  if (wantsStacks()) process.stderr.write(withoutCredentials(stacksOf(error)));
}

function messageOf(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  const { message, code, name } = errorFields(error);
  const said = message || code || name;
  return error instanceof UsageError ? `${said} (--help tells more)` : said;
}

function stacksOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return `${error.stack ?? ""}\n${stacksOf(error.cause)}`;
}

function wantsStacks(): boolean {
  try {
    return ["debug", "trace"].includes(readEnvironment()["LOG_LEVEL"] ?? "");
  } catch {
    return false; // an .env file that cannot be read, which is told already
  }
}
