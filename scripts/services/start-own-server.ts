import type { Found, OwnServer, ServerKind, ServerSettings } from "./server.ts";
import { startInstalled } from "./start-installed.ts";

type Start = (
  kind: ServerKind,
  settings: ServerSettings,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
) => Promise<Found<OwnServer>>;

/** By the name that forces it, in the order in which they are asked. */
const WAYS: ReadonlyMap<string, Start> = new Map([
  ["containers", inContainer],
  ["installed", startInstalled],
]);

const ADVICE = `Do one of these:
- start a container engine, such as Docker
- install RabbitMQ and Redis: apt-get install rabbitmq-server redis-server, or brew install rabbitmq redis
- name servers that run already: AMQP_URL and REDIS_URL`;

/** Whether the environment says in which way servers are to be had (SERVICES); nothing else is tried then. */
export function isWayForced(): boolean {
  return forcedWay() !== undefined;
}

/**
 * Starts a server for its caller alone, who may break it: in a container, else the one that is installed. The signal
 * ends the starting, and its reason is thrown.
 */
export async function startOwnServer(
  kind: ServerKind,
  settings: ServerSettings,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<OwnServer> {
  const reasons: string[] = [];
  for (const start of waysToStart()) {
    signal?.throwIfAborted();
    const found = await start(kind, settings, log, signal);
    if ("server" in found) return found.server;
    reasons.push(found.missing);
  }
  signal?.throwIfAborted();
  throw new Error(`There is no ${kind} to use (${reasons.join("; ")}). ${ADVICE}`);
}

function waysToStart(): Iterable<Start> {
  const name = forcedWay();
  if (name === undefined) return WAYS.values();
  const way = WAYS.get(name);
  if (way === undefined) throw new Error(`SERVICES must be one of: ${[...WAYS.keys()].join(", ")}`);
  return [way];
}

function forcedWay(): string | undefined {
  return process.env["SERVICES"] || undefined;
}

/** Testcontainers is loaded only where it is asked for: production does not have it. */
async function inContainer(...request: Parameters<Start>): ReturnType<Start> {
  const { startContainer } = await import("./start-container.ts");
  return startContainer(...request);
}
