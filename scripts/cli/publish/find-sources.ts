import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { errorFields } from "../../../shared/process/error-fields.ts";
import { UsageError } from "../usage-error.ts";
import { loadMapping } from "./load-mapping.ts";
import type { Format, Source } from "./source.ts";

const FORMAT_OF_EXTENSION: Readonly<Record<string, Format>> = {
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".csv": "csv",
};
const STANDARD_INPUT = "-";
/** The mappings that come with the project: each is for the CSV file of its name. */
const OWN_MAPPINGS = fileURLToPath(new URL("../../mappings", import.meta.url));

interface SourceFlags {
  readonly format?: Format;
  readonly map?: string;
}

/** Looks at each file before anything connects: whether it is there, what it holds, and how it is mapped. */
export async function findSources(files: readonly string[], flags: SourceFlags): Promise<Source[]> {
  if (files.filter((file) => file === STANDARD_INPUT).length > 1) {
    throw new UsageError("standard input (-) can be read only once");
  }
  const sources: Source[] = [];
  for (const file of files) sources.push(await findSource(file, flags));
  return sources;
}

async function findSource(file: string, flags: SourceFlags): Promise<Source> {
  const format = flags.format ?? formatOf(file);
  const input = file === STANDARD_INPUT ? { bytes: undefined, open: () => process.stdin } : await look(file);
  if (format === "ndjson") return { file, format, ...input };
  return { file, format, ...input, mapRow: await loadMapping(flags.map ?? (await ownMapping(file))) };
}

function formatOf(file: string): Format {
  if (file === STANDARD_INPUT) return "ndjson";
  const format = FORMAT_OF_EXTENSION[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  const known = Object.keys(FORMAT_OF_EXTENSION).join(", ");
  throw new UsageError(`${file}: neither of ${known}; say what it is with --format`);
}

async function look(file: string): Promise<Pick<Source, "bytes" | "open">> {
  const found = await stat(file).catch((error: unknown) => {
    const { code } = errorFields(error);
    throw new Error(`${file}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`);
  });
  if (found.isDirectory()) throw new Error(`${file}: is a directory`);
  // Of a named pipe nobody knows the length.
  return { bytes: found.isFile() ? found.size : undefined, open: () => createReadStream(file) };
}

async function ownMapping(file: string): Promise<string> {
  const mapping = `${OWN_MAPPINGS}/${basename(file, extname(file))}.ts`;
  const isThere = await stat(mapping).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isThere) return mapping;
  throw new UsageError(`${file}: a CSV file needs --map FILE.ts, which makes transactions of its rows`);
}
