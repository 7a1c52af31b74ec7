import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Where an installation is, on servers that are somebody's. */
export interface LeashedNamespace {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly namespace: string;
  /** Matches the keys of its quota ledger. */
  readonly ledgerKeys: string;
}

const PROGRAM = fileURLToPath(new URL("remove-namespace-at-the-end.ts", import.meta.url));

/**
 * Lets an installation's queues and keys live no longer than this process, however that ends: a process of its own
 * waits for the end of the pipe to it. Gives what ends it earlier.
 */
export function leashNamespace(leashed: LeashedNamespace): () => Promise<void> {
  const child = spawn(process.execPath, [PROGRAM], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.on("error", () => undefined); // its exit status tells
  child.stdin.write(JSON.stringify(leashed)); // not as an argument: the addresses hold passwords
  const ended = once(child, "exit");
  return async () => {
    child.stdin.end();
    await ended;
    if (child.exitCode !== 0) throw new Error("its queues and keys could not be removed from the servers");
  };
}
