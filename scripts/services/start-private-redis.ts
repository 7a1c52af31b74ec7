import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { startPrivateServer } from "./private-server.ts";
import type { OwnServer, ServerSettings } from "./server.ts";

/** Starts the Redis that is installed, if one is; it keeps every write and evicts nothing. */
export async function startPrivateRedis(
  settings: ServerSettings,
  signal: AbortSignal | undefined,
): Promise<OwnServer | undefined> {
  const program = findProgram("redis-server");
  if (program === undefined) return undefined;
  const port = await freePort();
  const all = {
    bind: "127.0.0.1",
    port: String(port),
    appendonly: "yes",
    "maxmemory-policy": "noeviction",
    ...settings,
  };
  return startPrivateServer(
    {
      name: "redis",
      url: `redis://127.0.0.1:${port}`,
      files: {
        "redis.conf": Object.entries(all)
          .map(([name, value]) => `${name} ${value}\n`)
          .join(""),
      },
      command: [program, "redis.conf"],
      environment: () => process.env,
    },
    signal,
  );
}
