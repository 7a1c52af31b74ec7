import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Waits until the pipe from this process closes, which happens whichever way this process ends (kill -9
 * included), then kills the process group named in `group` and removes the folder. The killed may still
 * be writing for an instant, hence the repetition.
 */
const AT_THE_END = `
cat >/dev/null
[ ! -s "$0/group" ] || kill -s KILL -- "-$(cat "$0/group")" 2>/dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$0" 2>/dev/null && break
  sleep 0.1
done
`;

/** What was tied to the life of this process, and can be ended earlier. */
export interface Leash {
  /** Resolves when all of it is gone. */
  release(): Promise<void>;
}

/** Lets a folder, and the process group that it names in its file `group`, live no longer than this process. */
export function leashFolder(folder: string): Leash {
  return leashTo("sh", ["-c", AT_THE_END, folder]);
}

/**
 * Lets a container live no longer than this process. Testcontainers' own reaper would be one more image to
 * pull, and is turned off where there is no registry.
 */
export function leashContainer(id: string): Leash {
  return leashTo(process.execPath, [
    fileURLToPath(new URL("remove-container-at-the-end.ts", import.meta.url)),
    id,
  ]);
}

/** The program waits for the end of its input; in a session of its own, so that Ctrl-C reaches only us. */
function leashTo(program: string, parameters: readonly string[]): Leash {
  const child = spawn(program, parameters, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(child, "exit");
  return {
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}
