import { randomUUID } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerConnection } from "../../../shared/amqp/connection.ts";
import { readEnvironment } from "../../../shared/process/settings/environment.ts";
import { fileVariable } from "../../../shared/process/settings/setting.ts";
import { ALL_SETTINGS } from "../../../shared/process/settings/settings.ts";
import { readSettings } from "../../../shared/process/settings/read-settings.ts";
import { ledgerKeys } from "../../../shared/redis/ledger/ledger-keys.ts";
import { openKeyFolder } from "../../sandbox/key-folder.ts";
import { parseQuota } from "../../sandbox/parse-quota.ts";
import type { ScenarioName } from "../../sandbox/scenarios.ts";
import { startSandbox, type Sandbox } from "../../sandbox/start-sandbox.ts";
import { leashFolder } from "../../services/leash.ts";
import { startServices, type Services } from "../../services/start-services.ts";
import { connectToBroker } from "../connect-to-broker.ts";
import { StatusReader } from "../read-status.ts";
import { Crew } from "./crew.ts";
import { DEMO_SETTINGS } from "./demo-settings.ts";
import { leashNamespace } from "./leash-namespace.ts";
import type { Releases } from "./releases.ts";

/** A whole installation of its own. */
export interface Stage {
  readonly services: Services;
  readonly sandbox: Sandbox;
  /** The settings by which workers and commands find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A file of them, for a shell to read. */
  readonly environmentFile: string;
  readonly namespace: string;
  readonly crew: Crew;
  readonly connection: BrokerConnection;
  readonly reader: StatusReader;
}

export interface StageOptions {
  readonly scenario: ScenarioName;
  readonly replicas: number;
  readonly releases: Releases;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Sets everything up, from the servers to workers that consume. Each part is registered with what takes it away. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { scenario, replicas, releases, note, signal } = options;
  note("Looking for RabbitMQ and Redis …");
  const services = await startServices(note, signal);
  releases.register("the servers", () => services.stop());
  note(services.described);

  const name = `demo-${randomUUID().slice(0, 8)}`;
  const folder = await mkdtemp(join(tmpdir(), "riskline-demo-"));
  const leash = leashFolder(folder);
  releases.register("the folder of keys", () => leash.release());
  const keys = await openKeyFolder(folder);
  const quota = parseQuota(DEMO_SETTINGS.ALIPAY_QUOTA) ?? [];
  const sandbox = await startSandbox({ ...keys, appId: name, scenario, quota });
  releases.register("the sandbox", () => sandbox.close());
  const environment = {
    AMQP_URL: services.amqpUrl,
    REDIS_URL: services.redisUrl,
    NAMESPACE: name,
    ALIPAY_GATEWAY_URL: sandbox.url,
    ALIPAY_APP_ID: name,
    ALIPAY_PRIVATE_KEY_FILE: keys.appPrivateKeyFile,
    ALIPAY_PUBLIC_KEY_FILE: keys.gatewayPublicKeyFile,
    ...DEMO_SETTINGS,
  };
  const environmentFile = join(folder, "env");
  await writeFile(environmentFile, exportLines(environment), { mode: 0o600 });
  note(`sandbox: ${sandbox.url}, scenario ${scenario}, quota ${DEMO_SETTINGS.ALIPAY_QUOTA}`);

  if (!services.arePrivate) {
    const { log } = ledgerKeys({ appId: name, gatewayUrl: sandbox.url, credentialsId: "" });
    const release = leashNamespace({ ...services, namespace: name, ledgerKeys: log.replace(/log$/, "*") });
    releases.register(`the namespace ${name}`, release);
  }
  const settings = readSettings(["installation", "broker"], environment);
  const connection = await connectToBroker({ settings, command: "demo", note, signal });
  releases.register("the connection", () => connection.close());
  const reader = new StatusReader(environment);
  releases.register("the status", () => reader.close());

  const crew = new Crew({
    replicas,
    environment: { ...inherited(folder), ...environment, HTTP_PORT: "0" },
    note,
  });
  releases.register("the workers", () => crew.stop());
  await Promise.race([crew.start(), rejectedAt(signal)]);
  note(`workers: ${crew.pids.join(" ")}, in the namespace ${name}`);
  return { services, sandbox, environment, environmentFile, namespace: name, crew, connection, reader };
}

/** Our own environment without its settings: those of another installation are not the demo's. */
function inherited(folder: string): Record<string, string> {
  const settings = new Set(ALL_SETTINGS.flatMap((setting) => [setting.name, fileVariable(setting)]));
  const entries = Object.entries(readEnvironment(folder));
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined || settings.has(name) ? [] : [[name, value]])),
  );
}

const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join("");
}

function rejectedAt(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
