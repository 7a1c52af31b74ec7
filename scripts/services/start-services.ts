import { findGiven } from "./find-given.ts";
import type { Server, ServerKind } from "./server.ts";
import { isWayForced, startOwnServer } from "./start-own-server.ts";

/** The RabbitMQ and Redis to use. */
export interface Services {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  /** Which ones they are, a line each. */
  readonly described: string;
  /** Ends what was started; a server that was given stays as it is. */
  stop(): Promise<void>;
}

/**
 * Finds a RabbitMQ and a Redis and resolves once both answer: those that AMQP_URL and REDIS_URL name, else
 * containers, else what is installed, else what apt can install. SERVICES=containers or SERVICES=installed
 * asks that way only.
 */
export async function startServices(log: (line: string) => void): Promise<Services> {
  // One after the other: both may need the same installation.
  const redis = await findOrStart("redis", log);
  const rabbitmq = await findOrStart("rabbitmq", log).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  return {
    amqpUrl: rabbitmq.url,
    redisUrl: redis.url,
    described: `${rabbitmq.described}\n${redis.described}`,
    async stop() {
      await Promise.all([rabbitmq.stop(), redis.stop()]);
    },
  };
}

async function findOrStart(kind: ServerKind, log: (line: string) => void): Promise<Server> {
  const given = isWayForced() ? undefined : await findGiven(kind);
  return given ?? startOwnServer(kind, {}, log);
}
