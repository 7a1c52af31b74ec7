import { readdir } from "node:fs/promises";
import { connect } from "amqplib";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { inspectQueues } from "../../../shared/amqp/inspect-queues.ts";
import { closeRedis, openRedis } from "../../../shared/redis/connection.ts";
import type { DemoSummary } from "../../../scripts/cli/demo/summary.ts";
import { sampleCounts } from "../../support/sample-counts.ts";
import { answers } from "../../../scripts/services/answers.ts";
import { RisklineProcess } from "../../unit/cli/riskline-process.ts";
import { folderOf } from "../../unit/cli/folder.ts";

// A whole demo, on a machine that may be busy: a wait for an event may take long.
const TIMEOUT = 180_000;

/** A demo whose every file is in a folder of the test's. */
function startDemo(args: readonly string[], servers: Readonly<Record<string, string>>) {
  const folder = folderOf();
  const demo = new RisklineProcess(["demo", "--json", ...args], { env: { ...servers, TMPDIR: folder } });
  return { demo, files: () => readdir(folder) };
}

const given = () => ({ AMQP_URL: inject("amqpUrl"), REDIS_URL: inject("redisUrl") });

/** Whichever way the test run itself got its servers; but these are the demo's own. */
function own(): Record<string, string> {
  const environment: Record<string, string> = { CI: "true" };
  for (const name of ["SERVICES", "RABBITMQ_IMAGE", "REDIS_IMAGE", "DOCKER_HOST"]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

function summaryOf({ stdout }: { readonly stdout: string }): DemoSummary {
  const summary: DemoSummary = JSON.parse(stdout);
  return summary;
}

/** What is left of the demo on servers that were given to it. */
async function leftBehind(said: string): Promise<string[]> {
  const namespace = /namespace (demo-[0-9a-f]+)/.exec(said)?.[1] ?? "";
  expect(namespace).not.toBe("");
  const model = await connect(inject("amqpUrl"));
  const redis = await openRedis(inject("redisUrl"));
  onTestFinished(async () => {
    await model.close();
    await closeRedis(redis);
  });
  const { lanes, waiting, results, deadLetters, undeliveredResults } = brokerNames(namespace);
  const names = [...Object.values(lanes), waiting, results, deadLetters, undeliveredResults];
  const queues = await inspectQueues(model, names);
  const keys = await redis.keys(`${namespace}:*`);
  return [...queues.filter(({ counts }) => counts !== undefined).map(({ queue }) => queue), ...keys];
}

const addressesIn = (said: string): string[] =>
  [...said.matchAll(/^(rabbitmq|redis): .* at (\S+)$/gm)].map(
    ([, kind, host]) => `${kind === "redis" ? "redis" : "amqp"}://${host}`,
  );

describe("riskline demo, on servers that are given", () => {
  it("accounts for every row of the sample, and leaves nothing behind", { timeout: TIMEOUT }, async () => {
    const rows = 300;
    const { demo, files } = startDemo(["--rows", `${rows}`], given());
    const ended = await demo.end();
    expect(ended).toMatchObject({ status: 0 });
    const { large = 0, small = 0, ...reasons } = sampleCounts({ rows, seed: 1 });
    const summary = summaryOf(ended);
    const total = (counts: object = {}): number =>
      Object.values(counts).reduce((sum: number, count) => sum + Number(count), 0);
    expect({
      published: summary.published,
      scored: total(summary.results.bySource["alipay"]),
      belowThreshold: total(summary.results.bySource["below-threshold"]),
      deadLetters: summary.deadLetters.byReason,
      unaccounted: summary.unaccounted.total,
    }).toEqual({
      published: rows,
      scored: large,
      belowThreshold: small,
      deadLetters: reasons,
      unaccounted: 0,
    });
    expect(summary.calls - summary.retries).toBe(large + (reasons["rejected"] ?? 0));
    expect(summary.busiestSecond?.calls).toBeLessThanOrEqual(50);
    expect(await leftBehind(ended.stderr)).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it("ends at SIGINT with what was reached: the rest is in its queues", { timeout: TIMEOUT }, async () => {
    const { demo, files } = startDemo(["--rows", "100000"], given());
    await demo.said("settled");
    demo.signal("SIGINT");
    const ended = await demo.end();
    expect(ended.status).toBe(1);
    const { published, results, deadLetters, unaccounted, queued, isComplete } = summaryOf(ended);
    expect(isComplete).toBe(false);
    expect(published).toBeGreaterThan(0);
    expect(published).toBe(results.total + deadLetters.total + unaccounted.total);
    expect(queued).toBe(unaccounted.total);
    expect(await leftBehind(ended.stderr)).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it("replaces a worker that is killed, and loses nothing", { timeout: TIMEOUT }, async () => {
    const { demo } = startDemo(["--rows", "800"], given());
    await demo.said("settled");
    process.kill(Number(/^workers: (\d+)/m.exec(demo.stderr)?.[1]), "SIGKILL");
    const ended = await demo.end();
    expect(ended.stderr).toMatch(/worker \d+ ended \(SIGKILL\); another one takes its place/);
    expect(ended.status).toBe(0);
    expect(await leftBehind(ended.stderr)).toEqual([]);
  });

  it("takes its queues and keys away even where it is killed", { timeout: TIMEOUT }, async () => {
    const { demo, files } = startDemo(["--rows", "100000"], given());
    await demo.said("settled");
    demo.signal("SIGKILL");
    await demo.end();
    await expect.poll(() => leftBehind(demo.stderr), { timeout: 30_000 }).toEqual([]);
    await expect.poll(files, { timeout: 30_000 }).toEqual([]);
  });
});

describe("riskline demo, on servers of its own", () => {
  it("ends them when it is killed, and leaves no file", { timeout: TIMEOUT }, async () => {
    const { demo, files } = startDemo(["--rows", "100000"], own());
    await demo.said("settled");
    const addresses = addressesIn(demo.stderr);
    expect(addresses).toHaveLength(2);
    demo.signal("SIGKILL");
    await demo.end();
    const areThere = () => Promise.all(addresses.map((address) => answers(address, 1_000)));
    await expect.poll(areThere, { timeout: 30_000 }).toEqual([false, false]);
    await expect.poll(files, { timeout: 30_000 }).toEqual([]);
  });

  it("stops while they start", { timeout: TIMEOUT }, async () => {
    const { demo, files } = startDemo([], own());
    await demo.said("Looking for");
    demo.signal("SIGTERM");
    const ended = await demo.end();
    expect(ended).toMatchObject({ status: 1, stdout: "" });
    expect(ended.stderr).toContain("stopped by SIGTERM");
    expect(await files()).toEqual([]);
  });
});
