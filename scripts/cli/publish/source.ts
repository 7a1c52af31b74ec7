import type { Readable } from "node:stream";
import type { MapRow } from "./map-row.ts";

export const FORMATS = ["ndjson", "csv"] as const;
export type Format = (typeof FORMATS)[number];

/** Where records come from. */
export type Source = {
  /** As the command line names it. */
  readonly file: string;
  /** Undefined of standard input and pipes: nobody knows how much comes, and it comes only once. */
  readonly bytes: number | undefined;
  readonly open: () => Readable;
} & ({ readonly format: "ndjson" } | { readonly format: "csv"; readonly mapRow: MapRow });
