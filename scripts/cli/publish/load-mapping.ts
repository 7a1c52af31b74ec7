import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { MapRow } from "./map-row.ts";

/** Loads a mapping module: its default export, or `mapRow`. */
export async function loadMapping(path: string): Promise<MapRow> {
  const module = await importModule(path);
  const mapRow = module.get("default") ?? module.get("mapRow");
  if (isMapRow(mapRow)) return mapRow;
  throw new Error(`${path}: exports neither a default function nor mapRow`);
}

async function importModule(path: string): Promise<ReadonlyMap<string, unknown>> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    return new Map(Object.entries(module ?? {}));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: the mapping cannot be loaded: ${said}`, { cause: error });
  }
}

/** More than that it is a function can only be found out by calling it. */
function isMapRow(value: unknown): value is MapRow {
  return typeof value === "function";
}
