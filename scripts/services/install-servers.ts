import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { findProgram } from "./find-program.ts";

const SCRIPT = fileURLToPath(new URL("install-servers.sh", import.meta.url));

/** Installs RabbitMQ and Redis with apt; returns the reason where that cannot or may not be. */
export async function installServers(log: (line: string) => void): Promise<string | undefined> {
  if (findProgram("apt-get") === undefined) return "this is not Debian or Ubuntu";
  if (process.getuid?.() !== 0) return "only root can install it";
  if (!(await isWanted())) return "it was not to be installed";
  log("installing RabbitMQ and Redis with apt-get; no system service is started or enabled");
  const apt = spawn(SCRIPT, { stdio: ["ignore", process.stderr, process.stderr] });
  await once(apt, "exit");
  return apt.exitCode === 0 ? undefined : "installing it failed";
}

/** On a terminal the user decides; a pipeline wants it, or it would not have come here. */
async function isWanted(): Promise<boolean> {
  if (process.env["CI"] || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question("Install RabbitMQ and Redis on this machine with apt-get? [Y/n] ");
  terminal.close();
  return !/^\s*n/i.test(answer);
}
