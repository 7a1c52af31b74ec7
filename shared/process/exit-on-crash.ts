import type { Logger } from "./logger.ts";

/**
 * Ends the process with one log line when an error was caught nowhere. Node.js itself would print the error with
 * every property that a driver hung on it, commands and their arguments included. Nothing is tidied up: the state is
 * unknown, and whatever was in hand comes back from the broker.
 */
export function exitOnCrash(log: Pick<Logger, "fatal">): void {
  process.on("uncaughtException", (error, origin) => {
    try {
      log.fatal("crashed", { cause: origin, error });
    } finally {
      process.exit(1); // also where the log itself is what failed
    }
  });
}
