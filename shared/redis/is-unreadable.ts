import { ZodError } from "zod";
import { UnreadableReplyError } from "./script-reply.ts";

/**
 * Redis answered, and would answer the same again: a key holds what no version of ours wrote. The code at the start says
 * so. Any error inside a script names the script, also one that passes: OOM, READONLY, NOREPLICAS, MISCONF.
 */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof ZodError || error instanceof SyntaxError) return true;
  if (error instanceof UnreadableReplyError) return true;
  return error instanceof Error && /^WRONGTYPE |^ERR .*user_script/.test(error.message);
}
