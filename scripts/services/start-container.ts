import { setTimeout as delay } from "node:timers/promises";
import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  type ContainerRuntimeClient,
} from "testcontainers";
import { freePort } from "./free-port.ts";
import { leashContainer, type Leash } from "./leash.ts";
import type { Found, OwnServer, ServerKind, ServerSettings } from "./server.ts";
import { waitUntilAnswers } from "./wait-until-answers.ts";

interface ImageUse {
  readonly image: string;
  readonly port: number;
  readonly scheme: string;
  /** How the image takes its settings. */
  configure(container: GenericContainer, settings: ServerSettings): void;
}

const IMAGES: Readonly<Record<ServerKind, ImageUse>> = {
  rabbitmq: {
    image: process.env["RABBITMQ_IMAGE"] || "rabbitmq:4-management",
    port: 5672,
    scheme: "amqp",
    configure(container, settings) {
      const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
      const target = "/etc/rabbitmq/conf.d/90-riskline.conf";
      container.withCopyContentToContainer([{ content: lines.join(""), target }]);
    },
  },
  redis: {
    image: process.env["REDIS_IMAGE"] || "redis:8",
    port: 6379,
    scheme: "redis",
    configure(container, settings) {
      const all = { appendonly: "yes", "maxmemory-policy": "noeviction", ...settings };
      const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
      container.withCommand(["redis-server", ...flags]);
    },
  },
};

/** Long enough for a slow line, short enough for one that swallows everything. */
const PULL_WITHIN_MS = 120_000;
const READY_WITHIN_MS = 90_000;

/** Starts the server in a container, where an engine answers and has the image or can pull it. */
export async function startContainer(
  kind: ServerKind,
  settings: ServerSettings,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Found<OwnServer>> {
  const use = IMAGES[kind];
  try {
    const engine = await getContainerRuntimeClient();
    await pull(engine, use.image, log, signal);
    signal?.throwIfAborted();
    return { server: await run(engine, kind, settings, signal) };
  } catch (error) {
    signal?.throwIfAborted();
    return {
      missing: `no container of ${use.image}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function pull(
  engine: ContainerRuntimeClient,
  image: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = ImageName.fromString(image);
  if (await engine.image.exists(name)) return;
  log(`pulling ${image}`);
  const end = new AbortController();
  const ended = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]);
  const tooLong = delay(PULL_WITHIN_MS, undefined, { signal: ended }).then(() => {
    throw new Error("pulling it took too long");
  });
  try {
    await Promise.race([engine.image.pull(name), tooLong]);
  } finally {
    end.abort();
  }
}

async function run(
  engine: ContainerRuntimeClient,
  kind: ServerKind,
  settings: ServerSettings,
  signal: AbortSignal | undefined,
): Promise<OwnServer> {
  const use = IMAGES[kind];
  const { host } = engine.info.containerRuntime;
  const address = host === "localhost" ? "127.0.0.1" : host;
  const hostPort = await freePort();
  const url = `${use.scheme}://${address}:${hostPort}`;
  const container = new LeashedContainer(use, address, hostPort);
  use.configure(container, settings);
  try {
    const id = (await container.start()).getId();
    await waitUntilAnswers(url, READY_WITHIN_MS, signal);
    return serverOf(engine, id, url, `${kind}: ${use.image} in a container, at ${address}:${hostPort}`, () =>
      container.remove(),
    );
  } catch (error) {
    await container.remove();
    throw error;
  }
}

function serverOf(
  engine: ContainerRuntimeClient,
  id: string,
  url: string,
  described: string,
  stop: () => Promise<void>,
): OwnServer {
  const container = engine.container.getById(id);
  return {
    url,
    described,
    stop,
    async kill() {
      await container.kill();
    },
    async start() {
      await container.start();
      await waitUntilAnswers(url, READY_WITHIN_MS);
    },
    async pause() {
      await container.pause();
    },
    async resume() {
      await container.unpause();
    },
    async run(tool, args) {
      const { exitCode, output } = await engine.container.exec(container, [tool, ...args]);
      if (exitCode !== 0) throw new Error(`${tool} failed: ${output}`);
    },
  };
}

/** A container that goes when we go. Its port on the host is fixed, or another start would give it another one. */
class LeashedContainer extends GenericContainer {
  #leash: Leash | undefined;

  constructor(use: ImageUse, address: string, hostPort: number) {
    super(use.image);
    this.withExposedPorts({ container: use.port, host: hostPort });
    // Of no business to the network, where the engine is on this machine; elsewhere, only the engine knows.
    if (address === "127.0.0.1") {
      this.hostConfig.PortBindings = {
        [`${use.port}/tcp`]: [{ HostIp: address, HostPort: String(hostPort) }],
      };
    }
    this.withAutoCleanup(false); // by testcontainers' reaper: see leashContainer
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#leash = leashContainer(id);
  }

  async remove(): Promise<void> {
    await this.#leash?.release();
  }
}
