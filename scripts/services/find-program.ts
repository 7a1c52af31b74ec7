import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where servers are installed though the path of an ordinary user does not name it. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin"];

/** The full path of a program, looked for in `first`, then in the path, then where servers usually are. */
export function findProgram(name: string, first: readonly string[] = []): string | undefined {
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return [...first, ...path, ...SERVER_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
