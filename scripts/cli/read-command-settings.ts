import { readSettings, type Settings } from "../../shared/process/settings/read-settings.ts";
import type { Section } from "../../shared/process/settings/settings.ts";

/** Reads the settings that a command needs, and says on standard error what looks wrong in the environment. */
export function readCommandSettings<const S extends Section>(sections: readonly S[]): Settings<S> {
  const settings = readSettings(sections);
  for (const warning of settings.warnings) process.stderr.write(`warning: ${warning}\n`);
  return settings;
}
