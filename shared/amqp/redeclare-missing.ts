import type { BrokerConnection } from "./connection.ts";
import { isNotFound } from "./is-not-found.ts";

/**
 * Runs a session of `keepOpen`. Where it ends for a queue or exchange that somebody deleted, the connection is
 * prepared again, so that the next session finds it.
 */
export async function redeclareMissing(
  connection: BrokerConnection,
  session: () => Promise<void>,
): Promise<void> {
  try {
    await session();
  } catch (error) {
    if (isNotFound(error)) await connection.prepareAgain();
    throw error;
  }
}
