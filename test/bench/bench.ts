// Measures what a transaction costs, beside others who do the same work in the same run: the machine's own speed, and
// what else it does, are in all of them.
//   npm run bench [-- --case NAME …] [--quick] [--markdown] [--json FILE]
// No test: it always ends with status 0, and says which goals were reached.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startServices } from "../../scripts/services/start-services.ts";
import type { BenchCase, Finding } from "./bench-case.ts";
import { BESIDE_REPLAY } from "./cases/beside-replay.ts";
import { CACHED_PATH } from "./cases/cached-path.ts";
import { LATENCY } from "./cases/latency.ts";
import { PAYMENTS } from "./cases/payments.ts";
import { QUOTA_USE } from "./cases/quota-use.ts";
import { SCORED_PATH } from "./cases/scored-path.ts";
import { START_AND_MEMORY } from "./cases/start-and-memory.ts";
import { describeMachine } from "./describe-machine.ts";
import { markdownTable, terminalTable } from "./format-table.ts";

const CASES: readonly BenchCase[] = [
  CACHED_PATH,
  SCORED_PATH,
  QUOTA_USE,
  LATENCY,
  PAYMENTS,
  BESIDE_REPLAY,
  START_AND_MEMORY,
];

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const cases = CASES.filter(({ name }) => flags.case?.includes(name) ?? true);
if (flags.help || cases.length < (flags.case?.length ?? 1)) {
  say("usage: npm run bench [-- --case NAME …] [--quick] [--markdown] [--json FILE]; the cases:");
  for (const { name, what } of CASES) say(`  ${name.padEnd(10)} ${what}`);
  process.exit(flags.help ? 0 : 2);
}

const services = await startServices(say);
const machine = describeMachine(services.described);
const findings: Record<string, Finding> = {};
try {
  print(machine);
  for (const benchCase of cases) {
    const { name, what } = benchCase;
    say(`${name}: ${what}`);
    const finding = await benchCase.run({ servers: services, isQuick: flags.quick, say });
    findings[name] = finding;
    print(`\n${flags.markdown ? "#### " : ""}${name}: ${what}\n`);
    print(flags.markdown ? markdownTable(finding) : terminalTable(finding));
    if (flags.json !== undefined) {
      await writeFile(
        flags.json,
        `${JSON.stringify({ machine, isQuick: flags.quick, findings }, null, 2)}\n`,
      );
    }
  }
} finally {
  await services.stop();
}
// Node.js 24.21 was once seen to spin for ever while it cleaned up after the last line.
process.exit(0);
