import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { formatReport } from "../../sandbox/format-report.ts";
import { openKeyFolder, type SandboxKeys } from "../../sandbox/key-folder.ts";
import { parsePrivateKey, parsePublicKey } from "../../sandbox/key-texts.ts";
import { fixedLatency, type Latency } from "../../sandbox/latency.ts";
import { formatWindow, parseQuota } from "../../sandbox/parse-quota.ts";
import type { QuotaWindow } from "../../sandbox/quota-meter.ts";
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from "../../sandbox/scenarios.ts";
import type { Report } from "../../sandbox/report.ts";
import { DEFAULT_APP_ID, DEFAULT_QUOTA, startSandbox, type Sandbox } from "../../sandbox/start-sandbox.ts";
import { explainListenError } from "../explain-listen-error.ts";
import { formatJson } from "../format-json.ts";
import { makeFolder } from "../make-folder.ts";
import { wholeNumber } from "../number-flags.ts";

interface SandboxFlags {
  readonly port: number;
  readonly host: string;
  readonly scenario: ScenarioName;
  readonly quota: readonly QuotaWindow[];
  readonly banAfter: number;
  readonly seed: number;
  readonly latency?: Latency;
  readonly appId: string;
  readonly keys?: string;
  readonly appPublicKey?: string;
  readonly gatewayPrivateKey?: string;
  readonly listScenarios?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline sandbox                               a calm gateway on port 8787, with keys made for it
  $ riskline sandbox --keys .sandbox               the same keys at every start
  $ riskline sandbox --scenario limited --quota 60/1s --ban-after 20
  $ riskline sandbox --quota none --latency 0      for benchmarks
  $ curl -s localhost:8787/report                  what it saw so far
  $ curl -s localhost:8787/scenario -d '{"scenario":"outage"}'
  $ curl -s -X POST localhost:8787/reset           forget calls, nonces, strikes and a ban

Every well-signed call counts against the quota, also one that is refused for it. The report is printed
on Ctrl-C or SIGTERM.`;

/** `riskline sandbox`: the local gateway, until SIGINT or SIGTERM; then its report. */
export function sandboxCommand(): Command {
  return new Command("sandbox")
    .description("runs a local gateway that behaves like Alipay's, strictly")
    .option("--port <number>", "port to listen on; 0 takes a free one", wholeNumber(0, 65_535), 8787)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(new Option("--scenario <name>", "how it behaves").choices(SCENARIO_NAMES).default("calm"))
    .addOption(
      new Option("--quota <windows>", "calls per sliding window, or none")
        .argParser(readQuota)
        .default(DEFAULT_QUOTA, DEFAULT_QUOTA.map(formatWindow).join(",")),
    )
    .option("--ban-after <count>", "limit answers in 24 h before the ban", wholeNumber(0, 1_000_000), 20)
    .option("--seed <number>", "of faults and latencies", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--latency <ms>", "answers after exactly this time, whatever the scenario says", readLatency)
    .option("--app-id <id>", "the application that may call", DEFAULT_APP_ID)
    .option("--keys <folder>", "folder of the key pairs, made where missing (default: a temporary one)")
    .option("--app-public-key <file>", "verifies calls, instead of --keys")
    .option("--gateway-private-key <file>", "signs answers, instead of --keys")
    .option("--list-scenarios", "lists the scenarios and ends")
    .option("--json", "prints the report, or the list, as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: SandboxFlags, command: Command) => {
      if (flags.listScenarios) process.stdout.write(listScenarios(flags.json));
      else await runSandbox(flags, command);
    });
}

async function runSandbox(flags: SandboxFlags, command: Command): Promise<void> {
  // Heard from the beginning: a signal during the start must not leave a folder of keys behind.
  const stopped = nextStopSignal();
  const keys = await openKeys(flags, command);
  let report: Report;
  try {
    report = await serve(flags, keys, stopped);
  } finally {
    if (keys.temporaryFolder !== undefined) await rm(keys.temporaryFolder, { recursive: true, force: true });
  }
  // Only now: an output that cannot be written ends the process.
  process.stdout.write(flags.json ? formatJson(report) : formatReport(report));
}

async function serve(flags: SandboxFlags, keys: Keys, stopped: Promise<void>): Promise<Report> {
  const sandbox = await startSandbox({ ...flags, ...keys }).catch((error: unknown) => {
    throw explainListenError(error, flags);
  });
  process.stderr.write(greeting(sandbox, flags, keys));
  await stopped;
  const report = sandbox.report();
  await sandbox.close();
  return report;
}

/** The worker's two files are known only where the sandbox made them. */
type Keys = Pick<SandboxKeys, "appPublicKey" | "gatewayPrivateKey"> & {
  readonly appPrivateKeyFile?: string;
  readonly gatewayPublicKeyFile?: string;
  /** Goes when the sandbox ends. */
  readonly temporaryFolder?: string;
};

async function openKeys(flags: SandboxFlags, command: Command): Promise<Keys> {
  const { keys, appPublicKey, gatewayPrivateKey } = flags;
  if (keys === undefined && appPublicKey !== undefined && gatewayPrivateKey !== undefined) {
    return {
      appPublicKey: await readKey(appPublicKey, parsePublicKey, command),
      gatewayPrivateKey: await readKey(gatewayPrivateKey, parsePrivateKey, command),
    };
  }
  if (appPublicKey !== undefined || gatewayPrivateKey !== undefined) {
    return command.error("error: give both --app-public-key and --gateway-private-key, or --keys", USAGE);
  }
  if (keys !== undefined) {
    const folder = resolve(keys);
    await makeFolder(folder, "--keys");
    return openKeyFolder(folder);
  }
  const temporaryFolder = await mkdtemp(join(tmpdir(), "riskline-sandbox-"));
  return { ...(await openKeyFolder(temporaryFolder)), temporaryFolder };
}

const USAGE = { exitCode: 2, code: "riskline.usage" };

async function readKey<Key>(file: string, parse: (text: string) => Key, command: Command): Promise<Key> {
  try {
    return parse(await readFile(file, "utf8"));
  } catch (error) {
    return command.error(`error: ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function nextStopSignal(): Promise<void> {
  return new Promise((stop) => {
    process.once("SIGINT", () => stop());
    process.once("SIGTERM", () => stop());
  });
}

function greeting({ url }: Sandbox, { scenario, appId }: SandboxFlags, keys: Keys): string {
  const variables: [name: string, value: string | undefined][] = [
    ["ALIPAY_GATEWAY_URL", url],
    ["ALIPAY_APP_ID", appId],
    ["ALIPAY_PRIVATE_KEY_FILE", keys.appPrivateKeyFile],
    ["ALIPAY_PUBLIC_KEY_FILE", keys.gatewayPublicKeyFile],
  ];
  const lines = variables.flatMap(([name, value]) =>
    value === undefined ? [] : [`export ${name}=${quoteForShell(value)}`],
  );
  return `Sandbox gateway at ${url}, scenario ${scenario}. A worker finds it with:\n\n${lines.join("\n")}\n\n`;
}

const quoteForShell = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

function listScenarios(asJson: true | undefined): string {
  const scenarios = SCENARIO_NAMES.map((name) => ({ name, description: SCENARIOS[name].description }));
  if (asJson) return formatJson(scenarios);
  const width = Math.max(...SCENARIO_NAMES.map((name) => name.length));
  return scenarios.map(({ name, description }) => `${name.padEnd(width)}  ${description}\n`).join("");
}

function readQuota(text: string): QuotaWindow[] {
  const quota = parseQuota(text);
  if (quota !== undefined) return quota;
  throw new InvalidArgumentError("Wanted: calls/window such as 20/1s,50000/1h (s, m, h, d), or none.");
}

function readLatency(text: string): Latency {
  return fixedLatency(wholeNumber(0, 3_600_000)(text));
}
