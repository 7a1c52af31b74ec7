import { errorFields } from "../../shared/process/error-fields.ts";
import { SettingsError } from "../../shared/process/settings/settings-error.ts";

const REDIS_LOST = "the connection to Redis (REDIS_URL) was lost";

/** What ioredis says of a link that breaks, in words of its own options: it names neither Redis nor the setting. */
const DRIVER_SAYS: readonly (readonly [says: RegExp, means: string])[] = [
  [/^Connection is closed\.$/, REDIS_LOST],
  [/^Stream isn't writeable and enableOfflineQueue options is false$/, REDIS_LOST],
  [/^Reached the max retries per request limit /, REDIS_LOST],
  [/^Command aborted due to connection close$/, REDIS_LOST],
  [/^Command timed out$/, "Redis does not answer (REDIS_URL)"],
];

/** What an error says, in one line that may be shown. */
export function problemOf(error: unknown): string {
  if (error instanceof SettingsError) return error.problems.join("; ");
  const { message, code, name } = errorFields(error);
  const [, means] = DRIVER_SAYS.find(([says]) => says.test(message)) ?? [];
  return means ?? (message || code || name);
}
