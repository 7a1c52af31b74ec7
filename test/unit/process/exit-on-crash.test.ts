import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const SOURCE = new URL("../../../shared/process/", import.meta.url).href;

function crash(statement: string) {
  const program = `
    import { createLogger } from "${SOURCE}logger.ts";
    import { exitOnCrash } from "${SOURCE}exit-on-crash.ts";
    exitOnCrash(createLogger({ level: "info", worker: "worker-1", destination: "stdout" }));
    const error = Object.assign(new Error("broken"), { args: ["user-1"], cause: new Error("user-1") });
    ${statement}`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
}

it.each([
  { statement: "setImmediate(() => { throw error; });", cause: "uncaughtException" },
  { statement: "void Promise.reject(error);", cause: "unhandledRejection" },
])("ends with one line and nothing of what hangs on the error: $cause", ({ statement, cause }) => {
  const { status, stdout, stderr } = crash(statement);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    level: "fatal",
    event: "crashed",
    cause,
    error: { message: "broken" },
  });
  expect(stdout + stderr).not.toContain("user-1");
});
