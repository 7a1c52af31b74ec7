import { ZodError } from "zod";
import { isUnreadable } from "./is-unreadable.ts";

/** What Redis holds under a key is none of ours, so that a person must look. */
class UnreadableKeyError extends Error {
  override readonly name = "UnreadableKeyError";

  /** @param key or what all keys concerned begin with, and "*" */
  constructor(key: string, cause: unknown) {
    super(`${key} in Redis is none of Riskline's: ${reasonOf(cause)}`, { cause });
  }
}

/** Reads what is under a key. @throws UnreadableKeyError, or what the link says */
export async function readable<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw isUnreadable(error) ? new UnreadableKeyError(key, error) : error;
  }
}

/** Without values, and without the place in a script. */
function reasonOf(cause: unknown): string {
  if (cause instanceof ZodError) {
    const fields = new Set(cause.issues.map(({ path }) => path.join(".")).filter((path) => path !== ""));
    return fields.size === 0 ? "it has another form" : `${[...fields].join(", ")} cannot be read`;
  }
  if (cause instanceof SyntaxError) return "it is no JSON";
  return cause instanceof Error && cause.message.startsWith("WRONGTYPE")
    ? "it has another type"
    : "it cannot be computed with";
}
