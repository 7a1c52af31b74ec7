import { format } from "prettier";
import { expect, it } from "vitest";
import { ALL_SETTINGS } from "../../../../shared/process/settings/settings.ts";
import { settingsTable } from "../../../../shared/process/settings/settings-table.ts";

it("has a line for each setting", () => {
  const lines = settingsTable().trimEnd().split("\n").slice(2);
  expect(lines.map((line) => /`(\w+)`/.exec(line)?.[1])).toEqual(ALL_SETTINGS.map((setting) => setting.name));
});

it("is spelled as the formatter spells it, so that the README can be compared with it", async () => {
  expect(await format(settingsTable(), { parser: "markdown", printWidth: 110 })).toBe(settingsTable());
});
