import { createInterface } from "node:readline/promises";
import { UsageError } from "./usage-error.ts";

/**
 * Nothing dangerous is done by accident: who did not say --yes is asked on a terminal, and refused elsewhere.
 * `danger` is a sentence or more.
 * @throws UsageError
 */
export async function agreeToDanger(danger: string, saidYes: boolean): Promise<void> {
  process.stderr.write(`${danger}\n`);
  if (saidYes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError("nothing was done; if you mean it, add --yes");
  if (!(await isAgreed())) throw new Error("nothing was done");
}

async function isAgreed(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("no")));
  try {
    // Ctrl-C and Ctrl-D only close the terminal, and are a no.
    const answer = await Promise.race([terminal.question("Do it? [y/N] "), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
