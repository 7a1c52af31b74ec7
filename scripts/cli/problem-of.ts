import { errorFields } from "../../shared/process/error-fields.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";

/** What an error says, in one line that may be shown. */
export function problemOf(error: unknown): string {
  if (error instanceof SettingsError) return error.problems.join("; ");
  const { message, code, name } = errorFields(error);
  return message || code || name;
}
