import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command, type Redis } from "ioredis";

/** One Lua script on one connection. */
export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/**
 * Reads what several scripts begin with; on one line, so that Redis' error messages count the lines of each script's own
 * file. Its comments stand on lines of their own.
 */
export function readPrelude(name: string): string {
  const lines = readLua(name).split("\n");
  return lines.filter((line) => !line.trimStart().startsWith("--")).join(" ");
}

/**
 * Values by the names that scripts have for them, as what a script begins with; undefined is nil there. A number that a
 * script only hands on to commands is better a text.
 */
export const luaConstants = (constants: Readonly<Record<string, number | string | undefined>>): string =>
  Object.entries(constants)
    .map(([name, value]) => `local ${name} = ${value === undefined ? "nil" : JSON.stringify(value)}`)
    .join(" ");

/**
 * For the scripts of each delivery. `whole` gives a whole number's text: Redis writes the numbers that a script hands to a
 * command with 17 digits, which takes it longer than many a command. `note` adds a field to what HSET is given.
 */
export const LUA_BASICS =
  "local function whole(number) return string.format('%d', number) end " +
  "local function note(fields, name, value) fields[#fields + 1] = name fields[#fields + 1] = value end";

/** Reads `name.lua`; the name is a path from this folder, such as "journal/claim". */
export const readLua = (name: string): string =>
  readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");

/** Reads `name.lua`, to go after `prelude`. */
export const loadScript = (client: Redis, name: string, prelude = ""): Script =>
  scriptOf(client, `${prelude} ${readLua(name)}`);

/** A script of this Lua; it is sent once, and again where Redis has forgotten it. */
export function scriptOf(client: Redis, lua: string): Script {
  const sha = createHash("sha1").update(lua).digest("hex");
  return async (keys, args) => {
    gatherWrites(client);
    try {
      // As client.evalsha does, which copies each of hundreds of arguments several times before.
      const command = [sha, keys.length, ...keys, ...args];
      return await client.sendCommand(new Command("evalsha", command, { replyEncoding: "utf8" }));
    } catch (error) {
      // NOSCRIPT says that nothing ran, so asking once more repeats nothing.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.eval(lua, keys.length, ...keys, ...args);
    }
  };
}

/**
 * Lets the commands of one turn of the event loop leave together: the driver writes each for itself, and a write of its
 * own costs more than all the rest of a command. They leave in the same turn, so none waits for another.
 */
function gatherWrites({ stream }: Redis): void {
  if (stream === undefined || stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
