import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { parsePrivateKey } from "../../../scripts/sandbox/key-texts.ts";
import { SCENARIO_NAMES } from "../../../scripts/sandbox/scenarios.ts";
import { bizContent, parametersOf, signedForm } from "./signed-call.ts";

const COMMAND = new URL("../../../scripts/cli/commands/sandbox.ts", import.meta.url).href;
const RUN = `import { sandboxCommand } from ${JSON.stringify(COMMAND)};
await sandboxCommand().parseAsync(process.argv.slice(1), { from: "user" });`;

type Child = ChildProcessByStdio<null, Readable, Readable>;

function run(...flags: string[]): Child {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", RUN, "--", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function finish(child: Child): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { status, stdout, stderr };
}

/** The variables that it tells a worker to be started with. */
async function readExports(child: Child): Promise<ReadonlyMap<string, string>> {
  let said = "";
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.endsWith("\n\n") && said.includes("PUBLIC_KEY_FILE")) break;
  }
  return new Map(
    [...said.matchAll(/^export (\w+)=(.+)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

describe("riskline sandbox", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "serves a worker with the keys it names, and reports on %s",
    async (signal) => {
      const child = run("--port", "0", "--scenario", "instant", "--json");
      const exported = await readExports(child);
      const keyFile = exported.get("ALIPAY_PRIVATE_KEY_FILE") ?? "";
      const key = parsePrivateKey(readFileSync(keyFile, "utf8"));
      const parameters = parametersOf(bizContent("T1"), { app_id: exported.get("ALIPAY_APP_ID") });
      const response = await fetch(exported.get("ALIPAY_GATEWAY_URL") ?? "", {
        method: "POST",
        body: new URLSearchParams(signedForm(parameters, key)),
      });
      expect(await response.text()).toContain('"code":"10000"');

      child.kill(signal);
      const { status, stdout } = await finish(child);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ calls: { wellSigned: 1 }, answers: { "10000": 1 } });
      expect(existsSync(keyFile)).toBe(false);
    },
  );

  it("prints the report as a table for a person", async () => {
    const child = run("--port", "0", "--quota", "60/1m");
    await readExports(child);
    child.kill("SIGTERM");
    const { stdout } = await finish(child);
    expect(stdout).toMatch(/^busiest of 60\/1m +0$/m);
  });

  it("lists its scenarios", async () => {
    const { status, stdout } = await finish(run("--list-scenarios", "--json"));
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(SCENARIO_NAMES.map((name) => ({ name })));
  });

  it.each([
    [["--quota", "20"], "calls/window"],
    [["--port", "65536"], "whole number from 0 to 65535"],
    [["--scenario", "stormy"], "Allowed choices"],
    [["--app-public-key", "key.pem"], "give both"],
  ])("refuses %j", async (flags, complaint) => {
    const { status, stdout, stderr } = await finish(run(...flags));
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(complaint);
  });
});
