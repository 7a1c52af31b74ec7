import { findGiven } from "./find-given.ts";
import type { Server, ServerKind } from "./server.ts";
import { isWayForced, startOwnServer } from "./start-own-server.ts";

/** The RabbitMQ and Redis to use. */
export interface Services {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  /** Which ones they are, a line each. */
  readonly described: string;
  /** Both were started for us and go with us; a server that was given is somebody's. */
  readonly arePrivate: boolean;
  /** Ends what was started; a server that was given stays as it is. */
  stop(): Promise<void>;
}

/**
 * Finds a RabbitMQ and a Redis and resolves once both answer: those that AMQP_URL and REDIS_URL name, else
 * containers, else what is installed, else what apt can install. SERVICES=containers or SERVICES=installed
 * asks that way only. The signal ends the search; what was started by then is stopped.
 */
export async function startServices(log: (line: string) => void, signal?: AbortSignal): Promise<Services> {
  // One after the other: both may need the same installation.
  const redis = await findOrStart("redis", log, signal);
  const rabbitmq = await findOrStart("rabbitmq", log, signal).catch(async (error: unknown) => {
    await redis.server.stop();
    throw error;
  });
  return {
    amqpUrl: rabbitmq.server.url,
    redisUrl: redis.server.url,
    described: `${rabbitmq.server.described}\n${redis.server.described}`,
    arePrivate: rabbitmq.isPrivate && redis.isPrivate,
    async stop() {
      await Promise.all([rabbitmq.server.stop(), redis.server.stop()]);
    },
  };
}

async function findOrStart(
  kind: ServerKind,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<{ readonly server: Server; readonly isPrivate: boolean }> {
  const given = isWayForced() ? undefined : await findGiven(kind);
  if (given !== undefined) return { server: given, isPrivate: false };
  return { server: await startOwnServer(kind, {}, log, signal), isPrivate: true };
}
