import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

/** A program and everything it started, signalled together. */
export interface ProcessGroup {
  /** Settles when the last of its processes is gone. */
  readonly ended: Promise<void>;
  /** Does nothing where all of them are gone. */
  signal(name: NodeJS.Signals): void;
}

/** Where, in a group's folder, its output goes. */
export const OUTPUT_FILE = "output.log";

/**
 * The number is on disk before the program runs, so that the leash finds it whenever we die. Where the leash
 * was faster, the folder is gone, the number cannot be written, and nothing is started.
 */
const WRITE_NUMBER_THEN_RUN = 'echo $$ >"$0/group" && exec "$@"';

/** Runs a program in a folder, as the leader of a process group of its own. */
export function runProcessGroup(
  folder: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): ProcessGroup {
  const output = openSync(join(folder, OUTPUT_FILE), "a");
  const child = spawn("sh", ["-c", WRITE_NUMBER_THEN_RUN, folder, ...command], {
    cwd: folder,
    detached: true,
    env,
    // Every process of the group inherits the last one: it closes when all of them are gone.
    stdio: ["ignore", output, output, "pipe"],
  });
  closeSync(output);
  const { pid } = child;
  if (pid === undefined) throw new Error("there is no shell to start a server with");
  return {
    ended: once(child, "close").then(() => rm(join(folder, "group"), { force: true })),
    signal: (name) => signalGroup(pid, name),
  };
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
