import type { Redis } from "ioredis";
import { z } from "zod";
import { readLua, scriptOf, type Script } from "./script.ts";

/** Calls that are asked together. Redis does nothing else meanwhile: a millisecond or two. */
const MOST_TOGETHER = 50;

export interface GatheredParts {
  /** Lua that stands before the script, once for all calls. */
  readonly prelude?: string;
  /** A statement that runs once after all calls. */
  readonly epilogue?: string;
}

/** One call, and whom its reply is for. */
interface Call {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const repliesSchema = z.array(z.unknown());

/**
 * Reads `name.lua` beside this file as a script whose calls of one turn of the event loop leave as one command: a
 * command of its own, its way through the driver and its share of the books cost more than all else. They leave in the
 * same turn, so none waits for another. Each has the same number of keys and of arguments, and succeeds or fails for
 * itself. The script finds Redis' time in `now`, in whole milliseconds.
 */
export function loadGatheredScript(client: Redis, name: string, parts: GatheredParts = {}): Script {
  const script = scriptOf(client, forEachCall(readLua(name), parts));
  let gathered: Call[] = [];

  function leave(): void {
    const calls = gathered;
    gathered = [];
    for (let from = 0; from < calls.length; from += MOST_TOGETHER) {
      void ask(calls.slice(from, from + MOST_TOGETHER));
    }
  }

  async function ask(calls: readonly Call[]): Promise<void> {
    const keys: string[] = [];
    const args: (string | number)[] = [calls.length];
    for (const call of calls) {
      keys.push(...call.keys);
      args.push(...call.args);
    }
    try {
      const replies = repliesSchema.parse(await script(keys, args));
      for (const [i, { resolve, reject }] of calls.entries()) {
        const reply = replies[i];
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  return (keys, args) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (gathered.push({ keys, args, resolve, reject }) === 1) process.nextTick(leave);
    return promise;
  };
}

/**
 * Lua that runs a script for the keys and arguments of each call in turn. The first argument is the number of calls. The
 * script begins on the first line, so that errors count the lines of its own file. They come as texts: with Redis' own
 * code at the start, or Lua's, which have none.
 */
const forEachCall = (lua: string, { prelude = "", epilogue = "" }: GatheredParts): string =>
  `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000) ${prelude} local function one(KEYS, ARGV) ${lua}
end
local calls, replies = tonumber(ARGV[1]), {}
local keys, args = #KEYS / calls, (#ARGV - 1) / calls
for i = 0, calls - 1 do
  local isDone, reply = pcall(one, { unpack(KEYS, i * keys + 1, (i + 1) * keys) }, { unpack(ARGV, i * args + 2, (i + 1) * args + 1) })
  replies[i + 1] = isDone and reply or { err = string.match(reply, '^%u+ .*') or ('ERR ' .. reply) }
end
${epilogue}
return replies`;
