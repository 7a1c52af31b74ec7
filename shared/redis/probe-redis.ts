import { Redis } from "ioredis";
import { z } from "zod";
import { pairs } from "./pairs.ts";
import { missingRedisRights, type RedisRightsFacts } from "./probe-rights.ts";

/** What a look at Redis found; nothing there was changed by it. */
export interface RedisFacts {
  /** Its `INFO`, by name; undefined where we may not ask for it. */
  readonly info: Readonly<Record<string, string>> | undefined;
  /** Its settings, as far as we may ask for them: managed servers often refuse. */
  readonly config: Readonly<Record<string, string>>;
  /** Why the database of the URL cannot be used; undefined where it can. */
  readonly databaseProblem: string | undefined;
  readonly rights: RedisRightsFacts;
  /** Its clock minus this machine's, right to half a round trip. */
  readonly clockOffsetMs: number | undefined;
  readonly roundTripMs: number;
}

export interface ProbeRedisOptions {
  readonly url: string;
  readonly namespace: string;
  /** Whatever takes longer is an error. */
  readonly withinMs: number;
}

/** There is no use of Redis: the driver's error, and at which step. */
export class RedisProbeError extends Error {
  override readonly name = "RedisProbeError";
  readonly step: "connect" | "login" | "answer";

  constructor(step: RedisProbeError["step"], cause: unknown) {
    super(cause instanceof Error ? cause.message : "unknown", { cause });
    this.step = step;
  }
}

/** Settings that a look wants to know and `INFO` does not tell. */
const WANTED_CONFIG = ["appendfsync"];

/** Looks at everything that a worker needs of Redis. @throws RedisProbeError */
export async function probeRedis(options: ProbeRedisOptions): Promise<RedisFacts> {
  const url = new URL(options.url);
  const client = clientFor(url, options.withinMs);
  try {
    await connect(client);
    await logIn(client, url);
    return await look(client, url, options.namespace);
  } finally {
    client.disconnect();
  }
}

/**
 * Logging in and choosing the database are steps of their own here: inside the driver, what they are refused for is
 * an event or a line on the console.
 */
function clientFor(url: URL, withinMs: number): Redis {
  const bare = new URL(url);
  [bare.username, bare.password, bare.pathname] = ["", "", ""];
  return new Redis(bare.href, {
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: withinMs,
    commandTimeout: withinMs,
  });
}

async function connect(client: Redis): Promise<void> {
  let trouble: Error | undefined;
  client.on("error", (error: Error) => (trouble ??= error));
  try {
    await client.connect();
  } catch (error) {
    // The driver only says that the connection is closed; why, it said before.
    throw new RedisProbeError("connect", trouble ?? error);
  }
}

async function logIn(client: Redis, { username, password }: URL): Promise<void> {
  try {
    if (password !== "") {
      const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
      await (user === "" ? client.auth(secret) : client.auth(user, secret));
    }
    await client.ping();
  } catch (error) {
    const isRefusal = error instanceof Error && /^(?:WRONGPASS|NOAUTH|ERR AUTH)/.test(error.message);
    throw new RedisProbeError(isRefusal ? "login" : "answer", error);
  }
}

async function look(client: Redis, url: URL, namespace: string): Promise<RedisFacts> {
  try {
    const databaseProblem = await chooseDatabase(client, url);
    const clock = await readClock(client);
    const [info, config, rights] = await Promise.all([
      ifAllowed(() => client.info()),
      ifAllowed(async () => readConfig(await client.config("GET", ...WANTED_CONFIG))),
      missingRedisRights(client, namespace),
    ]);
    return {
      info: info === undefined ? info : readInfo(info),
      config: config ?? {},
      databaseProblem,
      rights,
      ...clock,
    };
  } catch (error) {
    throw new RedisProbeError("answer", error);
  }
}

async function chooseDatabase(client: Redis, { pathname }: URL): Promise<string | undefined> {
  const database = Number(pathname.slice(1));
  if (database === 0) return undefined;
  try {
    await client.select(database);
    return undefined;
  } catch (error) {
    if (isReply(error)) return error.message;
    throw error;
  }
}

type Clock = Pick<RedisFacts, "clockOffsetMs" | "roundTripMs">;

/** The first may find this process busy with its own start; the fastest tells the time and the way best. */
const SAMPLES = 5;

async function readClock(client: Redis): Promise<Clock> {
  let best = await readClockOnce(client);
  for (let sample = 1; sample < SAMPLES; sample++) {
    const next = await readClockOnce(client);
    if (next.roundTripMs < best.roundTripMs) best = next;
  }
  return best;
}

async function readClockOnce(client: Redis): Promise<Clock> {
  const askedAt = performance.now();
  const time = await ifAllowed(() => client.time());
  const [roundTripMs, nowMs] = [performance.now() - askedAt, Date.now()];
  if (time === undefined) return { clockOffsetMs: undefined, roundTripMs };
  const [seconds = 0, microseconds = 0] = time;
  const redisMs = seconds * 1_000 + microseconds / 1_000;
  return { clockOffsetMs: redisMs - (nowMs - roundTripMs / 2), roundTripMs };
}

/** What Redis refused is not known; that it did not answer is an error. */
async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

const isReply = (error: unknown): error is Error => error instanceof Error && error.name === "ReplyError";

function readInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^([^#:\r\n]+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

const flatSchema = z.array(z.string());

function readConfig(reply: unknown): Record<string, string> {
  return Object.fromEntries(pairs(flatSchema.parse(reply)));
}
