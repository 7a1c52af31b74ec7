import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { expect, it } from "vitest";
import { fileVariable } from "../../../shared/process/settings/setting.ts";
import { ALL_SETTINGS } from "../../../shared/process/settings/settings.ts";
import { settingsTable } from "../../../shared/process/settings/settings-table.ts";

const README = fileURLToPath(new URL("../../../README.md", import.meta.url));
const ENV_EXAMPLE = fileURLToPath(new URL("../../../.env.example", import.meta.url));
const TABLE = /(?<=<!-- settings:begin -->\n)[^]*(?=<!-- settings:end -->)/;

it("shows the settings as they are (vitest run test/unit/documents -u writes them)", async () => {
  const written = readFileSync(README, "utf8");
  expect(written).toMatch(TABLE);
  await expect(written.replace(TABLE, () => `\n${settingsTable()}\n`)).toMatchFileSnapshot(README);
});

it("comes with an example of settings that exist", () => {
  const example = parseEnv(readFileSync(ENV_EXAMPLE, "utf8"));
  const known = ALL_SETTINGS.flatMap((setting) => [setting.name, fileVariable(setting)]);
  expect(Object.keys(example)).not.toEqual([]);
  expect(known).toEqual(expect.arrayContaining(Object.keys(example)));
});

it("shows the examples in other languages as they are", () => {
  const folder = new URL("../../../examples/", import.meta.url);
  const examples = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
  const withoutIndents = (text: string): string => text.replaceAll(/^ +/gm, "");
  const written = readFileSync(README, "utf8");
  const shown = [...written.matchAll(/```(?:python|sh)\n((?=.*amqp-publish|transaction_id =)[^]*?)```/g)];
  expect(shown).toHaveLength(2);
  for (const [, text = ""] of shown) {
    expect(withoutIndents(examples.join("\n"))).toContain(withoutIndents(text));
  }
});
