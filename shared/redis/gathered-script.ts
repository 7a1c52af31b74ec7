import type { Redis } from "ioredis";
import { z } from "zod";
import { readLua, scriptOf, type Script } from "./script.ts";

/** Questions that are asked together. Redis does nothing else meanwhile: a millisecond or two. */
const MOST_TOGETHER = 50;

export interface GatheredParts {
  /** Lua that stands before the script, once for all questions. */
  readonly prelude?: string;
  /** A statement that runs once after all of them. */
  readonly epilogue?: string;
}

/** What a script is asked once, and whom its reply is for. */
interface Question {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const repliesSchema = z.array(z.unknown());

/**
 * Reads `name.lua` as a script whose questions of one turn of the event loop leave as one command: a
 * command of its own, its way through the driver and its share of the books cost more than all else. They leave in the
 * same turn, so none waits for another. Each has the same number of keys and of arguments, and succeeds or fails for
 * itself. The script finds Redis' time in `now`, in whole milliseconds, and its text in `NOW`.
 */
export function loadGatheredScript(client: Redis, name: string, parts: GatheredParts = {}): Script {
  const script = scriptOf(client, forEachQuestion(readLua(name), parts));
  let gathered: Question[] = [];

  function leave(): void {
    const questions = gathered;
    gathered = [];
    for (let from = 0; from < questions.length; from += MOST_TOGETHER) {
      void ask(questions.slice(from, from + MOST_TOGETHER));
    }
  }

  async function ask(questions: readonly Question[]): Promise<void> {
    const keys: string[] = [];
    const args: (string | number)[] = [questions.length];
    for (const question of questions) {
      keys.push(...question.keys);
      args.push(...question.args);
    }
    try {
      const replies = repliesSchema.parse(await script(keys, args));
      questions.forEach(({ resolve, reject }, i) => {
        const reply = replies[i];
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      });
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  return (keys, args) => {
    const [first] = gathered;
    if (first !== undefined && (keys.length !== first.keys.length || args.length !== first.args.length)) {
      throw new Error(`${name}.lua: each question has the same number of keys, and of arguments`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (gathered.push({ keys, args, resolve, reject }) === 1) process.nextTick(leave);
    return promise;
  };
}

const CLOCK =
  "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000) " +
  "local NOW = string.format('%d', now)";

/**
 * Lua that runs a script for the keys and arguments of each question in turn. The first argument is the number of
 * questions. The script begins on the first line, so that errors count the lines of its own file. They come as texts,
 * with Redis' own code at the start, or Lua's, which have none; where they are from is said as Redis does with errors
 * that end a script. A Redis that takes no writes has written nothing, and says so to all: the driver looks for another
 * one then.
 */
const forEachQuestion = (lua: string, { prelude = "", epilogue = "" }: GatheredParts): string =>
  `${CLOCK} ${prelude} local function one(KEYS, ARGV) ${lua}
end
local questions, replies = tonumber(ARGV[1]), {}
local keys, args = #KEYS / questions, (#ARGV - 1) / questions
for i = 0, questions - 1 do
  local itsKeys = { unpack(KEYS, i * keys + 1, (i + 1) * keys) }
  local itsArgs = { unpack(ARGV, i * args + 2, (i + 1) * args + 1) }
  local isDone, reply = pcall(one, itsKeys, itsArgs)
  if not isDone then
    reply = { err = (string.match(reply, '^%u+ .*') or ('ERR ' .. reply)) .. ' on @user_script' }
    if string.find(reply.err, '^READONLY') then return reply end
  end
  replies[i + 1] = reply
end
${epilogue}
return replies`;
