import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the range that systems give to outgoing connections (from 32768 on Linux): a server that is started
 * again on its port must not find it taken, and a client that keeps connecting to a port of that range while
 * nobody listens there sometimes connects to itself.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const MOST_TRIES = 50;

/** By this process: servers that are started at the same time must not be told the same one. */
const given = new Set<number>();

/** A random port of the loopback interface on which nobody listens, another one each time. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`found no free port between ${LOWEST} and ${HIGHEST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
