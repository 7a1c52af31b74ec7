import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** One Lua script on one connection. */
export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/** Reads `name.lua` beside this file, to go after `prelude`; it is sent once, and again where Redis has forgotten it. */
export function loadScript(client: Redis, name: string, prelude = ""): Script {
  const lua = `${prelude} ${readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8")}`;
  const sha = createHash("sha1").update(lua).digest("hex");
  return async (keys, args) => {
    try {
      return await client.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      // NOSCRIPT says that nothing ran, so asking once more repeats nothing.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
