import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { findProgram } from "./find-program.ts";

const SCRIPT = fileURLToPath(new URL("install-servers.sh", import.meta.url));

/**
 * Installs RabbitMQ and Redis with apt; returns the reason where that cannot or may not be. Once it has begun, it is
 * brought to its end in any case: packages are not to be left half installed.
 */
export async function installServers(
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (findProgram("apt-get") === undefined) return "this is not Debian or Ubuntu";
  if (process.getuid?.() !== 0) return "only root can install it";
  if (!(await isWanted())) return "it was not to be installed";
  log("installing RabbitMQ and Redis with apt-get; no system service is started or enabled");
  // In a session of its own: Ctrl-C is not for it.
  const apt = spawn(SCRIPT, { detached: true, stdio: ["ignore", process.stderr, process.stderr] });
  const sayWhy = (): void => log("waiting for apt-get to end, so that no package is left half installed");
  signal?.addEventListener("abort", sayWhy);
  await once(apt, "exit");
  signal?.removeEventListener("abort", sayWhy);
  signal?.throwIfAborted();
  return apt.exitCode === 0 ? undefined : "installing it failed";
}

/** On a terminal the user decides; a pipeline wants it, or it would not have come here. */
async function isWanted(): Promise<boolean> {
  if (process.env["CI"] || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D only close the terminal, and are a no.
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("no")));
  const question = "Install RabbitMQ and Redis on this machine with apt-get? [Y/n] ";
  try {
    return !/^\s*n/i.test(await Promise.race([terminal.question(question), closed]));
  } finally {
    terminal.close();
  }
}
