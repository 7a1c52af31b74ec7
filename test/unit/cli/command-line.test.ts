import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderOf } from "./folder.ts";
import { RISKLINE, riskline, RisklineProcess } from "./riskline-process.ts";

const COMMANDS = [
  "worker",
  "publish",
  "result",
  "results",
  "status",
  "quota",
  "quota show",
  "quota freeze",
  "quota resume",
  "quota set",
  "dead-letters",
  "dead-letters list",
  "dead-letters show",
  "dead-letters replay",
  "dead-letters replays",
  "dead-letters pause",
  "dead-letters edit",
  "dead-letters discard",
  "dead-letters export",
  "audit",
  "plan",
  "doctor",
  "sandbox",
  "keys",
];
/** Nobody listens on port 1. */
const NO_SERVERS = { AMQP_URL: "amqp://127.0.0.1:1", REDIS_URL: "redis://127.0.0.1:1" };

describe("help", () => {
  it.each(COMMANDS)("of %s goes to standard output, with examples", async (name) => {
    const { status, stdout, stderr } = await riskline([...name.split(" "), "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`Usage: riskline ${name} `);
    expect(stdout).toContain(`\n  $ riskline ${name}`);
  });

  it("lists all commands", async () => {
    const { stdout } = await riskline(["--help"]);
    for (const name of COMMANDS) expect(stdout).toContain(`\n  ${name.split(" ")[0]} `);
  });
});

describe("wrong usage ends with status 2, and a line that says why", () => {
  it.each([
    { args: [], said: "Usage: riskline" },
    { args: ["publsh"], said: "(Did you mean publish?)" },
    { args: ["publish"], said: "missing required argument 'file'" },
    { args: ["publish", "--rat", "5", "-"], said: "unknown option '--rat'" },
    { args: ["publish", "--rate", "0", "-"], said: "Wanted: a number from 0.001" },
    { args: ["publish", "--lane", "slow", "-"], said: "Allowed choices are urgent, standard, replay" },
    { args: ["publish", "--limit", "1.5", "-"], said: "Wanted: a whole number" },
    {
      args: ["publish", "payments.txt"],
      said: "neither of .ndjson, .jsonl, .csv; say what it is with --format",
    },
    { args: ["publish", "--format", "csv", "-"], said: "-: a CSV file needs --map" },
    { args: ["publish", "-", "-"], said: "standard input (-) can be read only once" },
    {
      args: ["publish", "--check", "-"],
      said: "can be read only once, but --check reads before it publishes",
    },
    { args: ["result", "a:b"], said: "1 to 64 of A-Z a-z 0-9 . _ -" },
    { args: ["result", "x".repeat(65)], said: "1 to 64 of" },
    { args: ["results"], said: "results are watched with --follow" },
    { args: ["results", "--follow", "--count", "0"], said: "Wanted: a whole number from 1" },
    { args: ["keys", "--bits", "1024"], said: "Allowed choices are 2048, 3072, 4096" },
    { args: ["quota"], said: "Usage: riskline quota" },
    { args: ["quota", "freeze"], said: "required option '--reason <text>' not specified" },
    { args: ["quota", "freeze", "--reason", " "], said: "Wanted: 1 to 200 printable characters" },
    { args: ["quota", "freeze", "--reason", "x", "--for", "2"], said: "Wanted: a duration from 1s to 366d" },
    { args: ["quota", "resume"], said: "required option '--reason <text>' not specified" },
    { args: ["quota", "set", "5/1s"], said: "required option '--reason <text>' not specified" },
    { args: ["quota", "set", "5", "--reason", "x"], said: '"5" is not calls/window' },
    {
      args: ["quota", "set", "--reason", "x"],
      said: "wanted: a quota such as 20/1s,50000/1h, or --configured",
    },
    { args: ["quota", "set", "5/1s", "--configured", "--reason", "x"], said: "or --configured" },
    { args: ["audit", "--since", "yesterday"], said: "Wanted: a duration" },
    { args: ["doctor", "now"], said: "too many arguments" },
    { args: ["dead-letters", "list", "--reason", "bad"], said: "Wanted: one of malformed" },
    { args: ["dead-letters", "list", "--since", "yesterday"], said: "Wanted: a duration such as 2h" },
    { args: ["dead-letters", "replay"], said: "which ones? Give a filter, or --all" },
    { args: ["dead-letters", "replay", "--all", "--id", "T1"], said: "contradict each other" },
    { args: ["dead-letters", "replay", "--all", "--share", "0"], said: "Wanted: a share such as 10%" },
    { args: ["dead-letters", "edit", "T1", "--why", "x"], said: "what is to change? Give --set or --unset" },
    { args: ["dead-letters", "edit", "T1", "--set", "x", "--why", "x"], said: "Wanted: field=value" },
    { args: ["dead-letters", "discard", "--all"], said: "required option '--why <text>' not specified" },
    { args: ["dead-letters", "discard", "--why", "x"], said: "which ones? Give a filter, or --all" },
    { args: ["dead-letters", "show", "T1", "--reveal"], said: "--reveal needs --why" },
    { args: ["sandbox", "--port", "no"], said: "whole number" },
  ])("$args", async ({ args, said }) => {
    const { status, stdout, stderr } = await riskline(args, { env: NO_SERVERS });
    expect(stderr).toContain(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});

describe("a failure ends with status 1, and one line", () => {
  it.each([
    { args: ["publish", "-"], said: "no connection to 127.0.0.1:1 (AMQP_URL): connect ECONNREFUSED" },
    { args: ["results", "-f"], said: "no connection to 127.0.0.1:1 (AMQP_URL): connect ECONNREFUSED" },
    { args: ["result", "T1"], said: "no connection to 127.0.0.1:1 (REDIS_URL): connect ECONNREFUSED" },
    { args: ["quota", "show"], said: "no connection to 127.0.0.1:1 (REDIS_URL): connect ECONNREFUSED" },
    { args: ["audit"], said: "no connection to 127.0.0.1:1 (REDIS_URL): connect ECONNREFUSED" },
    {
      args: ["quota", "freeze", "--reason", "x"],
      said: "no connection to 127.0.0.1:1 (REDIS_URL): connect ECONNREFUSED",
    },
    { args: ["publish", "none.csv"], said: "none.csv: no such file" },
    { args: ["sandbox", "--keys", RISKLINE], said: `--keys: "${RISKLINE}" exists and is no folder` },
    {
      args: ["sandbox", "--port", "0", "--host", "nowhere.invalid"],
      said: '--host: no address is known of "nowhere.invalid"',
    },
    {
      args: ["sandbox", "--port", "0", "--host", "192.0.2.1"],
      said: '--host: "192.0.2.1" is no address of this machine',
    },
  ])("$args", async ({ args, said }) => {
    const { status, stderr } = await riskline(args, { env: { ...NO_SERVERS, ALIPAY_APP_ID: "2021" } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^riskline: .*\n$/);
    expect(stderr).toContain(said);
  });

  it("names the flag where the sandbox's port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const { status, stderr } = await riskline(["sandbox", "--port", String(port)]);
    expect(stderr).toBe(`riskline: --port: ${port} is taken on "127.0.0.1"\n`);
    expect(status).toBe(1);
  });

  it("names each setting that cannot be used, in a line of its own", async () => {
    const env = { AMQP_URL: "http://broker", NAMESPACE: "a b" };
    const { status, stderr } = await riskline(["publish", "-"], { env });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ {2}NAMESPACE: /m);
    expect(stderr).toMatch(/^ {2}AMQP_URL: /m);
  });

  it("never shows a password", async () => {
    const env = { AMQP_URL: "amqp://me:hunter2@127.0.0.1:1", LOG_LEVEL: "debug" };
    const { stderr } = await riskline(["publish", "-"], { env });
    expect(stderr).toContain("ConnectError");
    expect(stderr).not.toContain("hunter2");
  });

  it.runIf(existsSync("/dev/full"))("says that results cannot be written", () => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const { status, stderr } = spawnSync(process.execPath, [RISKLINE, "--version"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^riskline: standard output cannot be written: ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  it("tells where it comes from only when asked", async () => {
    const run = (level: string) => riskline(["publish", "-"], { env: { ...NO_SERVERS, LOG_LEVEL: level } });
    expect((await run("debug")).stderr).toMatch(/^ +at /m);
    expect((await run("info")).stderr).not.toMatch(/^ +at /m);
  });
});

it("shows nothing to a terminal that it might obey", async () => {
  const { status, stderr } = await riskline(["quota", "freeze", "--reason", "a\u001B[31m\nb"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^[^\p{C}]+\n$/u);
});

describe("status without servers", () => {
  it("says which are away, each once", async () => {
    const { status, stdout, stderr } = await riskline(["status"], { env: NO_SERVERS });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.match(/AMQP_URL/g)).toHaveLength(1);
    expect(stderr.match(/REDIS_URL/g)).toHaveLength(1);
  });

  it("says so in JSON", async () => {
    const { status, stdout } = await riskline(["status", "--json"], { env: NO_SERVERS });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      broker: { problem: expect.stringContaining("AMQP_URL") },
      quota: { problem: expect.stringContaining("REDIS_URL") },
    });
  });
});

it("warns of a variable that looks like a setting but is none", async () => {
  const { stderr } = await riskline(["result", "T1"], { env: { ...NO_SERVERS, REDIS_URI: "redis://other" } });
  expect(stderr).toContain("warning: REDIS_URI: not a setting; REDIS_URL was meant?");
});

it("reads the settings of a .env file", async () => {
  const cwd = folderOf({ ".env": "AMQP_URL=amqp://127.0.0.1:2\n" });
  expect((await riskline(["publish", "-"], { cwd })).stderr).toContain(
    "no connection to 127.0.0.1:2 (AMQP_URL)",
  );
});

it("a sandbox leaves no keys behind when nobody reads its report", async () => {
  const place = folderOf();
  const sandbox = new RisklineProcess(["sandbox", "--port", "0"], { env: { TMPDIR: place } });
  await sandbox.said("export ALIPAY_PUBLIC_KEY_FILE");
  expect(readdirSync(place)).toHaveLength(1);
  sandbox.closeStdout();
  sandbox.signal("SIGTERM");
  expect(await sandbox.end()).toMatchObject({ status: 0 });
  expect(readdirSync(place)).toEqual([]);
});

describe("under an old Node.js", () => {
  const pretend = `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process.versions, 'node', { value: '20.11.1' })",
  )}`;
  const execArgv = ["--import", pretend];
  const installed = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url));

  it.runIf(existsSync(installed))("runs the one that is installed, and passes its status on", async () => {
    expect(await riskline(["--version"], { execArgv })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await riskline(["publsh"], { execArgv })).toMatchObject({ status: 2 });
  });

  it.runIf(existsSync(installed))("passes signals on to it", async () => {
    const sandbox = new RisklineProcess(["sandbox", "--port", "0", "--json"], { execArgv });
    await sandbox.said("export ALIPAY_PUBLIC_KEY_FILE");
    sandbox.signal("SIGTERM");
    expect(await sandbox.end()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\{/) });
  });

  it.runIf(existsSync(installed))("leaves none behind when it is killed", async () => {
    // Where its keys are left behind, too.
    const env = { TMPDIR: folderOf() };
    const sandbox = new RisklineProcess(["sandbox", "--port", "0"], { execArgv, env });
    await sandbox.said("export ALIPAY_PUBLIC_KEY_FILE");
    sandbox.signal("SIGKILL");
    // Its outputs are closed only when nobody holds them any more.
    expect(await sandbox.end()).toMatchObject({ status: null });
  });
});
