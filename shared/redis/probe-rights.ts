import type { Redis } from "ioredis";
import { z } from "zod";

/** What this user of Redis may not do, of what a worker does. */
export interface RedisRightsFacts {
  readonly user: string | undefined;
  /** No script may be run, so nothing else could be asked. */
  readonly mayRunScripts: boolean;
  /** Commands that it may not run on any of our keys. */
  readonly commands: readonly string[];
  /** Patterns of keys that it may not read or write, with commands that it may run on others. */
  readonly keyPatterns: readonly string[];
}

/** Commands of the scripts with arguments that Redis accepts the form of, KEY being one of ours. */
export const SCRIPT_COMMANDS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["TIME"],
  ["INFO", "server"],
  ["GET", "KEY"],
  ["SET", "KEY", "v"],
  ["DEL", "KEY"],
  ["EXISTS", "KEY"],
  ["EXPIRE", "KEY", "1"],
  ["PEXPIRE", "KEY", "1"],
  ["HDEL", "KEY", "f"],
  ["HEXISTS", "KEY", "f"],
  ["HGET", "KEY", "f"],
  ["HGETALL", "KEY"],
  ["HINCRBY", "KEY", "f", "1"],
  ["HKEYS", "KEY"],
  ["HMGET", "KEY", "f"],
  ["HSET", "KEY", "f", "v"],
  ["HSETNX", "KEY", "f", "v"],
  ["XADD", "KEY", "*", "f", "v"],
  ["ZADD", "KEY", "1", "m"],
  ["ZCOUNT", "KEY", "0", "1"],
  ["ZRANGE", "KEY", "0", "1"],
  ["ZRANGEBYSCORE", "KEY", "0", "1"],
  ["ZREM", "KEY", "m"],
  ["ZREMRANGEBYSCORE", "KEY", "0", "1"],
  ["ZREVRANGE", "KEY", "0", "1"],
  ["ZSCORE", "KEY", "m"],
];

/** Commands that are run outside of scripts. */
export const PLAIN_COMMANDS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["EVALSHA", "0".repeat(40), "0"],
  ["CLIENT", "INFO"],
  ["LPUSH", "KEY", "v"],
  ["LTRIM", "KEY", "0", "1"],
  ["PING"],
  ["SCAN", "0"],
];

const COMMANDS = [...PLAIN_COMMANDS, ...SCRIPT_COMMANDS];

const namesOf = (commands: readonly (readonly [name: string, ...args: string[]])[]): string[] =>
  commands.map(([name]) => name);

const KEY_COMMANDS = namesOf(COMMANDS.filter(([, first]) => first === "KEY"));

/**
 * Redis itself says whether its user may run a command, without running it (since 7.0). `*` is asked as a key of its
 * own: it stands for "any", so the names need not exist.
 */
const ASK = `
  local allowed = {}
  for i, command in ipairs(cjson.decode(ARGV[1])) do
    allowed[i] = redis.acl_check_cmd(unpack(command)) and 1 or 0
  end
  return allowed`;

const allowedSchema = z.array(z.union([z.literal(0), z.literal(1)]));

/** Finds out what a worker could not do in this installation. Nothing is written. */
export async function missingRedisRights(client: Redis, namespace: string): Promise<RedisRightsFacts> {
  const user = await client.acl("WHOAMI").then(String, () => undefined);
  const patterns = [`${namespace}:*`, "riskline:quota:*"];
  const answers = await Promise.all(patterns.map((pattern) => ask(client, pattern)));
  if (answers.includes(undefined)) return { user, mayRunScripts: false, commands: [], keyPatterns: [] };
  const denied = answers.map((answer) => namesOf(COMMANDS.filter((_, index) => answer?.[index] === 0)));
  // Denied with every key of ours, it is the command; all of them denied, or only with some keys, it is the keys.
  const everywhere = namesOf(COMMANDS).filter((name) => denied.every((names) => names.includes(name)));
  const isNoKeyOurs = KEY_COMMANDS.every((name) => everywhere.includes(name));
  return {
    user,
    mayRunScripts: true,
    commands: everywhere.filter((name) => !isNoKeyOurs || !KEY_COMMANDS.includes(name)),
    keyPatterns: patterns.filter(
      (_, index) => isNoKeyOurs || denied[index]?.some((name) => !everywhere.includes(name)),
    ),
  };
}

/** Undefined where scripts may not be run. */
async function ask(client: Redis, pattern: string): Promise<readonly (0 | 1)[] | undefined> {
  const asked = COMMANDS.map((command) => command.map((part) => (part === "KEY" ? pattern : part)));
  try {
    return allowedSchema.parse(await client.eval(ASK, 0, JSON.stringify(asked)));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("NOPERM")) return undefined;
    throw error;
  }
}
