import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Composition } from "./composition.ts";

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

/** What the lock file says that production needs. */
export function productionPackages(): string[] {
  const lock = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
  return Object.entries(lockSchema.parse(JSON.parse(lock)).packages)
    .filter(([path, entry]) => path !== "" && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path)
    .toSorted();
}

/** What npm installed in the image. */
export async function packagesInImage(composition: Composition): Promise<string[]> {
  const file = "/riskline/node_modules/.package-lock.json";
  const installed = await composition.compose("exec", "-T", "worker", "cat", file);
  return Object.keys(lockSchema.parse(JSON.parse(installed)).packages).toSorted();
}

/** Bytes that the image adds to the one that it is made from. */
export async function bytesAdded(composition: Composition, nodeImage: string): Promise<number> {
  const sizes = await Promise.all(
    [`${composition.project}-worker`, nodeImage].map((image) =>
      composition.docker("image", "inspect", "--format", "{{.Size}}", image),
    ),
  );
  const [image = 0, base = 0] = sizes.map(Number);
  return image - base;
}
