import { fileVariable, type Setting } from "./setting.ts";
import { ALL_SETTINGS } from "./settings.ts";

const HEADER = ["variable", "default", "meaning", "must be"] as const;

/** All settings as a Markdown table, spelled as the formatter would, for the README. */
export function settingsTable(): string {
  const rows = [[...HEADER], ...ALL_SETTINGS.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |\n`;
  const [head = [], ...body] = rows;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + body.map(line).join("");
}

function cells(setting: Setting<unknown>): string[] {
  const names = setting.isSecret ? [setting.name, fileVariable(setting)] : [setting.name];
  return [names.map(code).join(", "), unsetText(setting), setting.meaning, setting.value.rule];
}

function unsetText({ unset }: Setting<unknown>): string {
  switch (unset.kind) {
    case "required":
      return "none: required";
    case "default":
      return code(unset.text);
    case "computed":
      return unset.text;
  }
}

const code = (text: string): string => `\`${text}\``;
