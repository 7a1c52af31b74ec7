import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLAIN_COMMANDS, SCRIPT_COMMANDS } from "../../../shared/redis/probe-rights.ts";

const SCRIPTS = new URL("../../../shared/redis/", import.meta.url);

it("asks for every command that a script runs, and for no other", () => {
  const files = readdirSync(SCRIPTS, { recursive: true, encoding: "utf8" });
  const lua = files.filter((file) => file.endsWith(".lua"));
  const sources = [...lua, "ledger/ledger-script.ts"].map((file) =>
    readFileSync(new URL(file, SCRIPTS), "utf8"),
  );
  const run = new Set(
    sources.flatMap((text) => [...text.matchAll(/redis\.p?call\('(\w+)'/g)].map(([, name]) => name)),
  );
  expect(new Set(SCRIPT_COMMANDS.map(([name]) => name))).toEqual(run);
});

it("asks for what the list of failures is written with, outside of scripts", () => {
  const source = readFileSync(new URL("failure-list.ts", SCRIPTS), "utf8");
  const written = ["LPUSH", "LTRIM"].filter((name) => source.includes(`.${name.toLowerCase()}(`));
  expect(PLAIN_COMMANDS.map(([name]) => name)).toEqual(expect.arrayContaining(written));
  expect(written).toHaveLength(2);
});
