import { installServers } from "./install-servers.ts";
import type { Found, OwnServer, ServerKind, ServerSettings } from "./server.ts";
import { startPrivateRabbitmq } from "./start-private-rabbitmq.ts";
import { startPrivateRedis } from "./start-private-redis.ts";

const START = { rabbitmq: startPrivateRabbitmq, redis: startPrivateRedis };

/** Starts a private instance of the server installed on this machine, which is installed first where that can be. */
export async function startInstalled(
  kind: ServerKind,
  settings: ServerSettings,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Found<OwnServer>> {
  const server = await START[kind](settings, signal);
  if (server !== undefined) return { server };
  const refusal = await installServers(log, signal);
  if (refusal !== undefined) return { missing: `${kind} is not installed: ${refusal}` };
  const installed = await START[kind](settings, signal);
  return installed === undefined
    ? { missing: `${kind} is not where it was installed to` }
    : { server: installed };
}
