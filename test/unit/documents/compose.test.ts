import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fileVariable } from "../../../shared/process/settings/setting.ts";
import { ALL_SETTINGS } from "../../../shared/process/settings/settings.ts";

const NAMES = ALL_SETTINGS.map((setting) => setting.name);
const FILE_NAMES = ALL_SETTINGS.filter((setting) => setting.isSecret).map(fileVariable);

/** The variables of the first block that begins with this line, a merged block left out. */
function variablesBelow(line: RegExp, file: string): string[] {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
  const after = text.slice(text.search(line)).split("\n");
  const indent = /^ */.exec(after[1] ?? "")?.[0] ?? "";
  const block = after.slice(
    1,
    after.findIndex((row, at) => at > 0 && !row.startsWith(indent)),
  );
  return block.flatMap((row) => /^ +([A-Z_]+):/.exec(row)?.[1] ?? []);
}

const handedOn = variablesBelow(/^x-settings: &settings$/m, "docker-compose.yml");
const setThere = variablesBelow(/^ {4}environment:$/m, "docker-compose.yml");

it("compose hands every setting to the workers, or sets it itself", () => {
  const asSettings = [...handedOn, ...setThere].map((name) =>
    FILE_NAMES.includes(name) ? name.replace(/_FILE$/, "") : name,
  );
  expect(asSettings.toSorted()).toEqual(NAMES.toSorted());
});

it("the account's compose file changes settings that exist", () => {
  const changed = variablesBelow(/^ {4}environment:$/m, "docker-compose.real.yml");
  expect(changed).toContain("ALIPAY_APP_ID");
  expect([...NAMES, ...FILE_NAMES]).toEqual(expect.arrayContaining(changed));
});
