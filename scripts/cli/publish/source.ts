import type { Readable } from "node:stream";
import type { MapRow } from "./map-row.ts";

export const FORMATS = ["ndjson", "csv"] as const;

/** Where records come from. */
export type Source = {
  /** As the command line names it. */
  readonly file: string;
  /** Undefined where nobody knows, as of standard input. */
  readonly bytes: number | undefined;
  readonly open: () => Readable;
} & ({ readonly format: "ndjson" } | { readonly format: "csv"; readonly mapRow: MapRow });
