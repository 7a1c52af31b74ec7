import type { Random } from "../sandbox/random.ts";

/** One of them, each as likely as the others. */
export function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError("nothing to pick from");
  return choice;
}
