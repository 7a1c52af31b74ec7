import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorFields } from "../../shared/process/error-fields.ts";

/**
 * Makes a folder that only its owner can enter; one that is there already is kept. `flag` names it in the error.
 * Its parent has to be there: Node.js' recursive `mkdir` never ends where a folder takes none (`/proc`).
 */
export async function makeFolder(path: string, flag: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (await isFolder(path)) return;
    throw new Error(`${flag}: ${await problemOf(path, error)}`, { cause: error });
  }
}

async function problemOf(path: string, error: unknown): Promise<string> {
  const { code } = errorFields(error);
  if (code === "EEXIST") return `"${path}" exists and is no folder`;
  const parent = dirname(path);
  if (await isFolder(parent)) return `"${path}" cannot be made (${code})`;
  return `"${path}" cannot be made: "${parent}" is no folder`;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
