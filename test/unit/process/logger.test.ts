import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../../shared/process/logger.ts";

function recordingLogger(level: "info" | "silent" = "info") {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLogger({ level, worker: "worker-1", destination }), lines };
}

const parsedLine = (lines: readonly string[]): unknown => JSON.parse(lines[0] ?? "");

it("writes one JSON line for an event", () => {
  const { log, lines } = recordingLogger();
  log.info("delivery-settled", {
    transactionId: "T1",
    verdict: "review",
    source: "alipay",
    calls: 2,
    code: undefined,
    ms: 412,
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/\}\n$/);
  expect(parsedLine(lines)).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    worker: "worker-1",
    event: "delivery-settled",
    transactionId: "T1",
    verdict: "review",
    source: "alipay",
    calls: 2,
    ms: 412,
  });
});

it.each(["debug", "silent"] as const)("leaves out what the level %s asks for", (level) => {
  const { log, lines } = recordingLogger(level === "silent" ? level : "info");
  if (level === "silent") log.fatal("an-event");
  else log.debug("an-event");
  expect(lines).toEqual([]);
});

describe("what it drops", () => {
  it("fields that the table does not know, though the types let them pass", () => {
    const { log, lines } = recordingLogger();
    const transaction = {
      transactionId: "T1",
      userId: "user-1",
      deviceFingerprint: "9f86",
      metadata: { a: "b" },
    };
    log.info("delivery-settled", transaction);
    expect(parsedLine(lines)).toMatchObject({ transactionId: "T1" });
    expect(lines[0]).not.toMatch(/user-1|9f86|metadata/);
  });

  it("values of another kind, with all that they hold", () => {
    const { log, lines } = recordingLogger();
    const fields: object = {
      transactionId: { userId: "user-1" },
      calls: ["user-1"],
      __proto__: { reason: "user-1" },
    };
    log.info("delivery-settled", fields);
    expect(parsedLine(lines)).toMatchObject({ event: "delivery-settled" });
    expect(lines[0]).not.toContain("user-1");
  });

  it("passwords, causes and stacks of errors", () => {
    const { log, lines } = recordingLogger();
    const cause = new Error("inner s3cr3t");
    log.error("connection-lost", {
      server: "amqp://u:s3cr3t@host",
      error: new Error("amqp://u:s3cr3t@host", { cause }),
    });
    expect(parsedLine(lines)).toMatchObject({
      server: "amqp://host",
      error: { name: "Error", message: "amqp://host" },
    });
    expect(lines[0]).not.toMatch(/s3cr3t|stack|test\.ts/);
  });

  it("the length of long texts", () => {
    const { log, lines } = recordingLogger();
    log.info("an-event", { cause: "x".repeat(100_000), error: new Error("y".repeat(100_000)) });
    expect(lines[0]?.length).toBeLessThan(1_000);
  });
});

describe("on standard output", () => {
  const LOGGER = new URL("../../../shared/process/logger.ts", import.meta.url).href;

  const nodeArguments = (statements: string): string[] => [
    "--input-type=module",
    "-e",
    `import { createLogger } from "${LOGGER}";
     const log = createLogger({ level: "info", worker: "worker-1", destination: "stdout" });
     ${statements}`,
  ];

  /** The events that a process had written when it ended. */
  function eventsOf(statements: string): string[] {
    const { stdout } = spawnSync(process.execPath, nodeArguments(statements), { encoding: "utf8" });
    return [...stdout.matchAll(/"event":"([^"]+)"/g)].map(([, event]) => event ?? "");
  }

  it.each([
    [
      "the turn ends",
      "log.info('one'); log.info('two'); setImmediate(() => process.kill(process.pid, 'SIGKILL'));",
    ],
    ["a warning comes", "log.info('one'); log.warn('two'); process.kill(process.pid, 'SIGKILL');"],
    ["the process exits", "log.info('one'); log.info('two'); process.exit(1);"],
  ])("lines are written when %s", (_, statements) => {
    expect(eventsOf(statements)).toEqual(["one", "two"]);
  });

  it("more lines than fit into one write are written whole, in their order", () => {
    const events = eventsOf("for (let i = 0; i < 2_000; i++) log.info(`event-${i}`);");
    expect(events).toEqual(Array.from({ length: 2_000 }, (_, i) => `event-${i}`));
  });

  it("nobody's reading is no reason to stop", async () => {
    const statements = `
      process.stdin.once("data", () => {
        for (let i = 0; i < 3; i++) setTimeout(() => log.info("unread"), i);
        process.stdin.destroy();
      });`;
    const child = spawn(process.execPath, nodeArguments(statements), { stdio: ["pipe", "pipe", "ignore"] });
    child.stdout.destroy();
    child.stdin.write("go");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
