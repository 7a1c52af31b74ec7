import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { DEMO_SETTINGS } from "../../scripts/cli/demo/demo-settings.ts";
import { generateSample } from "../../scripts/sample/generate-sample.ts";
import { SAMPLE_DEFAULTS } from "../../scripts/sample/sample-limits.ts";
import { RISK_HEADERS } from "../../shared/amqp/risk-headers.ts";
import { riskResultSchema, type RiskResult } from "../../shared/domain/risk-result.ts";
import { OutcomeCollector } from "../support/outcome-collector.ts";
import { sampleCounts } from "../support/sample-counts.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { Composition } from "./composition.ts";
import { bytesAdded, packagesInImage, productionPackages } from "./image-facts.ts";

const COUNT = 1_200;
/** Calls that may be under way when all ends: as many as the strikes that may be left, LIMIT_STRIKES_PER_DAY. */
const CALLS_CUT_AT_MOST = 10;
const WORKERS = 3;
/** As the README has it. */
const ROWS_PER_SECOND = "80";
const NODE_IMAGE = process.env["NODE_IMAGE"] || "node:24-slim";

/** Every twentieth costs nothing, which no risk API takes. */
const sample = Array.from({ length: COUNT }, (_, i) =>
  sampleBody({
    transactionId: `compose-${i}`,
    userId: `user-${i}`,
    amount: { value: i % 20 === 19 ? "0.00" : "1280.50", currency: "CNY" },
  }),
);
const idsWhere = (isWanted: (at: number) => boolean): string[] =>
  sample.flatMap(({ transactionId }, at) => (isWanted(at) ? [String(transactionId)] : [])).toSorted();

// The quota makes it last for half a minute: long enough to be torn down in its midst.
// The demo's, but for the hour's window: after a restart of everything, that one would admit its average rate only.
const composition = new Composition({ ...DEMO_SETTINGS, ALIPAY_QUOTA: "50/1s" });
const collect = async (): Promise<OutcomeCollector> =>
  OutcomeCollector.start(`amqp://${await composition.address("rabbitmq", 5672)}`, "risk");

beforeAll(async () => {
  await composition.compose("build");
  await composition.up(WORKERS);
}, 600_000);
afterAll(() => composition.remove(), 300_000);

it("runs three workers, healthy, on the images that the environment names", async () => {
  const workers = await composition.containers("worker");
  expect(workers).toHaveLength(WORKERS);
  for (let index = 1; index <= WORKERS; index++) {
    const address = await composition.address("worker", 9464, index);
    expect((await fetch(`http://${address}/readyz`)).status).toBe(200);
  }
  for (const [service, image] of [
    ["rabbitmq", process.env["RABBITMQ_IMAGE"] || "rabbitmq:4-management"],
    ["redis", process.env["REDIS_IMAGE"] || "redis:8"],
  ] as const) {
    const [container = ""] = await composition.containers(service);
    expect(await composition.docker("inspect", "--format", "{{.Config.Image}}", container)).toBe(image);
  }
});

it("runs as nobody special, on a file system that it cannot write", async () => {
  for (const container of await composition.containers("worker")) {
    const facts = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}";
    expect(await composition.docker("inspect", "--format", facts, container)).toBe("node true [ALL]");
    expect(await composition.docker("exec", container, "id", "-u")).toBe("1000");
    await expect(composition.docker("exec", container, "touch", "/riskline/here")).rejects.toThrow(
      "Read-only file system",
    );
  }
});

it("holds what production needs, no more, and is small", async () => {
  expect(productionPackages()).toContain("node_modules/amqplib");
  expect(productionPackages()).not.toContain("node_modules/vitest");
  expect(await packagesInImage(composition)).toEqual(productionPackages());
  const bytes = await bytesAdded(composition, NODE_IMAGE);
  process.stderr.write(`compose: the image adds ${(bytes / 1e6).toFixed(1)} MB to ${NODE_IMAGE}\n`);
  expect(bytes).toBeLessThan(40e6);
});

it(
  "loses nothing when it is torn down under load, and calls nothing twice",
  { timeout: 600_000 },
  async () => {
    const lines = sample.map((transaction) => `${JSON.stringify(transaction)}\n`).join("");
    const published = await composition.feed(lines, "run", "--rm", "-T", "worker", "publish", "-", "--json");
    expect(JSON.parse(published)).toMatchObject({ published: COUNT });

    const before = await collect();
    await before.until((c) => c.resultsById.size >= 100, AbortSignal.timeout(120_000));
    await before.close();
    const sandboxLog = composition.logUntilTheEnd("sandbox");
    await composition.compose("down");
    const callsBefore = callsIn(await sandboxLog);
    expect(callsBefore).toBeGreaterThanOrEqual(100);
    expect(callsBefore).toBeLessThan(COUNT - COUNT / 20);

    await composition.up(WORKERS);
    const after = await collect();
    const outcomes = () => Outcomes.of([before, after]);
    await after.until(() => outcomes().count >= COUNT, AbortSignal.timeout(120_000));
    const callsAfter = await callsSince();
    await after.close();

    const { results, deadLettered } = outcomes();
    expect([...results.keys()].toSorted()).toEqual(idsWhere((at) => at % 20 !== 19));
    expect([...deadLettered].toSorted()).toEqual(idsWhere((at) => at % 20 === 19));
    for (const [first, ...again] of results.values()) for (const copy of again) expect(copy).toEqual(first);
    const attempts = [...results.values()].map(([result]) => result?.attempts ?? 0);
    const calls = attempts.reduce((sum, count) => sum + count, 0);
    expect(calls).toBe(callsBefore + callsAfter);
    expect(calls - results.size).toBeLessThanOrEqual(CALLS_CUT_AT_MOST);
  },
);

it("comes to the demo's totals with the demo's sample", { timeout: 300_000 }, async () => {
  const rows = [...generateSample(SAMPLE_DEFAULTS)];
  const collector = await collect();
  const lines = rows.map(({ line }) => `${line}\n`).join("");
  // Slowly: who comes back must have been scored by then, also by containers on a busy machine.
  const publish = ["run", "--rm", "-T", "worker", "publish", "-", "--rate", ROWS_PER_SECOND, "--json"];
  await composition.feed(lines, ...publish);
  await collector.until(
    (c) => c.results.length + c.deadLetters.length >= rows.length,
    AbortSignal.timeout(240_000),
  );
  await collector.close();
  const totals: Record<string, number> = {};
  const count = (outcome: string): void => void (totals[outcome] = (totals[outcome] ?? 0) + 1);
  for (const { body } of collector.results) count(riskResultSchema.parse(JSON.parse(body.toString())).source);
  for (const { properties } of collector.deadLetters)
    count(String(properties.headers?.[RISK_HEADERS.reason]));
  const { large, returning, small, ...reasons } = sampleCounts(SAMPLE_DEFAULTS);
  expect(totals).toEqual({ alipay: large, cache: returning, "below-threshold": small, ...reasons });
});

it("answers the commands that the README names", async () => {
  const shown = await composition.compose("run", "--rm", "-T", "worker", "result", "compose-0", "--json");
  expect(JSON.parse(shown)).toMatchObject({ transactionId: "compose-0", source: "alipay" });
  const status = await composition.compose("run", "--rm", "-T", "worker", "status");
  expect(status).toContain("risk.dead-letters");
});

it("leaves nothing behind", { timeout: 300_000 }, async () => {
  expect(await composition.leftovers()).not.toEqual([]);
  await composition.remove();
  expect(await composition.leftovers()).toEqual([]);
});

const reportSchema = z.object({ calls: z.object({ wellSigned: z.number() }) });

async function callsSince(): Promise<number> {
  const answer = await fetch(`http://${await composition.address("sandbox", 8787)}/report`);
  return reportSchema.parse(await answer.json()).calls.wellSigned;
}

/** The sandbox prints its report when it ends. */
function callsIn(log: string): number {
  const [, calls] = /^calls +\d+ arrived, (\d+) well signed$/m.exec(log) ?? [];
  if (calls === undefined) throw new Error(`no report of the sandbox in:\n${log}`);
  return Number(calls);
}

/** What came out, over all that listened. */
class Outcomes {
  /** By transaction, repeats included. */
  readonly results = new Map<string, RiskResult[]>();
  readonly deadLettered = new Set<string>();

  static of(collectors: readonly OutcomeCollector[]): Outcomes {
    const outcomes = new Outcomes();
    for (const { resultsById, deadLetters } of collectors) {
      for (const [id, results] of resultsById)
        outcomes.results.set(id, [...(outcomes.results.get(id) ?? []), ...results]);
      for (const { body } of deadLetters)
        outcomes.deadLettered.add(bodySchema.parse(JSON.parse(body.toString())).transactionId);
    }
    return outcomes;
  }

  get count(): number {
    return this.results.size + this.deadLettered.size;
  }
}

const bodySchema = z.object({ transactionId: z.string() });
