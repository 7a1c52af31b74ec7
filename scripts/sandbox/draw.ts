import { hash } from "node:crypto";

/** A number from 0 to 1 that belongs to this subject for ever; each purpose has its own. */
export function draw(purpose: string, subject: string): number {
  return hash("sha256", `${purpose}\n${subject}`, "buffer").readUInt32BE() / 2 ** 32;
}
