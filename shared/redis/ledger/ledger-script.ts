import type { Redis } from "ioredis";
import { LEDGER_RULES } from "./ledger-rules.ts";
import { loadScript, luaConstants, readPrelude, type Script } from "../script.ts";

/** The rules as locals, Redis' clock in ms (`now`), and how a moment is written (`exact`). */
const CLOCK_AND_RULES = [
  luaConstants(LEDGER_RULES),
  "local time = redis.call('TIME')",
  "local now = time[1] * 1000 + time[2] / 1000",
  "local function exact(moment) return string.format('%.3f', moment) end",
  // How long before its answer a call had arrived at the gateway at the latest.
  "local function credit(least, answers) return least * answers / (answers + ANSWERS_DOUBTED) end",
];

const BASICS = CLOCK_AND_RULES.join(" ");
const LEDGER = readPrelude("ledger/ledger");

/** Loads a script of this folder that judges the ledger: it begins with ledger.lua, and takes all of the ledger's keys. */
export const loadLedgerScript = (client: Redis, name: string): Script =>
  loadScript(client, `ledger/${name}`, `${BASICS} ${LEDGER}`);

/** Loads one that works on keys of its own by the ledger's rules and clock. */
export const loadLedgerRuleScript = (client: Redis, name: string): Script =>
  loadScript(client, `ledger/${name}`, BASICS);
