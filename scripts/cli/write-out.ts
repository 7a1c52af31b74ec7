import { once } from "node:events";

/** Writes results, no faster than they are read. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}
