import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { LEDGER_RULES } from "./ledger-rules.ts";
import { loadScript, type Script } from "./script.ts";

/** The rules as locals, Redis' clock in ms (`now`), and how a moment is written (`exact`). */
const CLOCK_AND_RULES = [
  ...Object.entries(LEDGER_RULES).map(([name, value]) => `local ${name} = ${value}`),
  "local time = redis.call('TIME')",
  "local now = time[1] * 1000 + time[2] / 1000",
  "local function exact(moment) return string.format('%.3f', moment) end",
];

/** On one line, so that Redis' error messages count the lines of the script's own file. */
const onOneLine = (lines: readonly string[]): string =>
  lines.filter((line) => !line.trimStart().startsWith("--")).join(" ");

const BASICS = onOneLine(CLOCK_AND_RULES);
const LEDGER = onOneLine(readFileSync(new URL("./ledger.lua", import.meta.url), "utf8").split("\n"));

/** Loads a script that judges the ledger: it begins with ledger.lua, and takes all of the ledger's keys. */
export const loadLedgerScript = (client: Redis, name: string): Script =>
  loadScript(client, name, `${BASICS} ${LEDGER}`);

/** Loads a script that works on keys of its own by the ledger's rules and clock. */
export const loadLedgerRuleScript = (client: Redis, name: string): Script => loadScript(client, name, BASICS);
