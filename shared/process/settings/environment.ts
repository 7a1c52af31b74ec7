import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { errorFields } from "../error-fields.ts";
import { SettingsError } from "./settings-error.ts";

/** Names and texts, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The process's environment, completed from the `.env` file of the working directory where there is one.
 * The only place that reads `process.env` for the product; what starts servers for demo and tests
 * (scripts/services) reads its own.
 */
export function readEnvironment(directory: string = process.cwd()): Environment {
  return { ...readEnvFile(join(directory, ".env")), ...process.env };
}

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const { code } = errorFields(error);
    if (code === "ENOENT") return {};
    throw new SettingsError([`.env: cannot be read (${code ?? "unknown error"})`]);
  }
}
