// Tries to break the quota in every way there is a case for, and says what the sandbox saw on its own clock.
//   npm run bench:quota [-- --case NAME …] [--seconds N] [--backlog N] [--json OUT]
// Exit status 1 where a promise was not kept.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startServices } from "../../scripts/services/start-services.ts";
import { describeMachine } from "./describe-machine.ts";
import { ALL_CASES } from "./quota/all-cases.ts";
import { TABLE_HEAD, tableRow } from "./quota/format-report.ts";
import type { CaseReport } from "./quota/quota-case.ts";
import { runCase } from "./quota/run-case.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    seconds: { type: "string", default: "60" },
    backlog: { type: "string", default: "200000" },
    json: { type: "string" },
  },
});
const extent = { seconds: Number(flags.seconds), backlog: Number(flags.backlog), slack: 0, lateMs: 0 };
const cases = ALL_CASES.filter(({ name }) => flags.case?.includes(name) ?? true);
const isUsage = extent.seconds > 0 && extent.backlog > 0 && cases.length >= (flags.case?.length ?? 1);
if (!isUsage) {
  say("usage: npm run bench:quota [-- --case NAME …] [--seconds N] [--backlog N] [--json OUT]; the cases:");
  for (const { name, quota, what } of ALL_CASES) say(`  ${name.padEnd(22)} ${quota.padEnd(20)} ${what}`);
  process.exit(2);
}

const services = await startServices(say);
const machine = describeMachine(services.described);
const reports: CaseReport[] = [];
try {
  print(machine);
  print(TABLE_HEAD);
  for (const [index, quotaCase] of cases.entries()) {
    say(`${index + 1} of ${cases.length}: ${quotaCase.name}, ${quotaCase.what}`);
    const report = await runCase(quotaCase, extent, services);
    reports.push(report);
    print(tableRow(report));
    for (const sentence of report.broken) print(`  BROKEN: ${sentence}`);
    if (flags.json !== undefined) {
      await writeFile(flags.json, `${JSON.stringify({ machine, ...extent, cases: reports }, null, 2)}\n`);
    }
  }
} finally {
  await services.stop();
}
// Node.js 24.21 was once seen to spin for ever while it cleaned up after the last line.
process.exit(reports.every(({ broken }) => broken.length === 0) ? 0 : 1);
