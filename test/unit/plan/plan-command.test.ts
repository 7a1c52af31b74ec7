import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { folderOf } from "../cli/folder.ts";
import { riskline, RisklineProcess } from "../cli/riskline-process.ts";

const SHORT = ["--duration", "10m", "--quota", "20/1s"];

const reportSchema = z.looseObject({
  transactions: z.looseObject({ arrived: z.number() }),
  calls: z.looseObject({
    made: z.number(),
    retries: z.number(),
    cost: z.object({ value: z.string(), currency: z.literal("CNY") }),
  }),
});

async function planned(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = await riskline(["plan", ...args, "--json"], { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return reportSchema.parse(JSON.parse(stdout));
}

it("tells it as a table", async () => {
  const { status, stdout, stderr } = await riskline(["plan", "--arrivals", "10/1s", ...SHORT]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  for (const name of [
    "transactions",
    "publish to result",
    "calls",
    "cost",
    "window 20/1s",
    "useful replicas",
  ]) {
    expect(stdout).toMatch(new RegExp(`^${name}  `, "m"));
  }
  expect(stdout).toMatch(/^ +from +arrivals +calls +limit answers +results +backlog$/m);
  expect(stdout).toMatch(/^00:00:00 +\d+ +\d+ +0 +\d+ +\d+$/m);
});

it("takes what it is not told from the settings", async () => {
  const args = ["--arrivals", "10/1s", "--duration", "1m", "--failures", "100%"];
  const env = {
    ALIPAY_QUOTA: "30/1s",
    RETRY_LIMIT: "1",
    ALIPAY_CALL_PRICE: "0.5",
    LIMIT_STRIKES_PER_DAY: "4",
  };
  const fromSettings = await planned(args, env);
  expect(fromSettings).toMatchObject({ quota: "30/1s", strikes: { allowed: 4 } });
  expect(fromSettings.calls.retries).toBe(fromSettings.transactions.arrived);
  expect(Number(fromSettings.calls.cost.value)).toBe(fromSettings.calls.made * 0.5);

  const flags = ["--quota", "25/1s", "--retry-limit", "0", "--price", "0.1", "--strikes", "5"];
  const fromFlags = await planned([...args, ...flags], env);
  expect(fromFlags).toMatchObject({ quota: "25/1s", strikes: { allowed: 5 }, calls: { retries: 0 } });
  expect(Number(fromFlags.calls.cost.value)).toBeCloseTo(fromFlags.calls.made * 0.1);
});

describe("arrivals from a file", () => {
  const transaction = (occurredAt: string): string => JSON.stringify({ transactionId: "T1", occurredAt });

  it.each([
    {
      name: "transactions.ndjson",
      content: ["08:00:02", "08:00:00", "08:00:05"]
        .map((time) => `${transaction(`2026-11-23T${time}+08:00`)}\n`)
        .join(""),
      arrived: 3,
    },
    {
      name: "counts.csv",
      content:
        "at,count\n2026-11-23T08:00:00+08:00,30\n2026-11-23T08:01:00+08:00,0\n2026-11-23T08:02:00+08:00,5\n",
      arrived: 35,
    },
    { name: "counts.ndjson", content: '{"at":"2026-11-23T08:00:00Z","count":7}\n', arrived: 7 },
  ])("$name", async ({ name, content, arrived }) => {
    const file = join(folderOf({ [name]: content }), name);
    const plan = await planned(["--arrivals", file]);
    expect(plan.transactions).toMatchObject({ arrived, waiting: 0, endings: { scored: arrived } });
  });

  it("ends where it is told to", async () => {
    const name = "counts.csv";
    const content = "at,count\n2026-11-23T08:00:00Z,60\n2026-11-23T08:01:00Z,60\n";
    const plan = await planned([
      "--arrivals",
      join(folderOf({ [name]: content }), name),
      "--duration",
      "30s",
    ]);
    expect(plan.transactions.arrived).toBe(30);
  });

  it("says which rows it left out", async () => {
    const content = `${transaction("2026-11-23T08:00:00Z")}\nnothing\n{"at":"yesterday","count":1}\n`;
    const file = join(folderOf({ "a.ndjson": content }), "a.ndjson");
    const { status, stderr } = await riskline(["plan", "--arrivals", file]);
    expect(status).toBe(0);
    expect(stderr).toBe(`warning: left out: ${file} line 2: no JSON\nwarning: 2 rows left out\n`);
  });

  it.each([
    { content: "", said: "holds no arrivals" },
    {
      content: '{"at":"2026-11-23T08:00:00Z","count":1}\n{"occurredAt":"2026-11-23T08:00:00Z"}\n',
      said: "holds counts and transactions",
    },
    {
      content: '{"at":"2026-11-23T08:00:00Z","count":1}\n{"at":"2026-11-23T07:00:00Z","count":1}\n',
      said: "must go up in time",
    },
  ])("fails where it $said", async ({ content, said }) => {
    const file = join(folderOf({ "a.ndjson": content }), "a.ndjson");
    const { status, stderr } = await riskline(["plan", "--arrivals", file]);
    expect(status).toBe(1);
    expect(stderr).toContain(said);
  });
});

it("draws a picture that needs nothing else", async () => {
  const file = join(folderOf(), "day.svg");
  const { status } = await riskline(["plan", "--arrivals", "10/1s", ...SHORT, "--svg", file]);
  expect(status).toBe(0);
  const svg = readFileSync(file, "utf8");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
  for (const text of [
    "arrivals",
    "calls",
    "limit answers",
    "sustained by the quota",
    "per second",
    "minutes",
  ]) {
    expect(svg).toContain(`>${text}<`);
  }
  expect(svg).toContain("@media (prefers-color-scheme: dark)");
  expect(svg.match(/<polyline /g)).toHaveLength(3);
  expect(svg).toMatch(/<circle class="peak".*>\d+ at 00:\d\d:\d\d<\/text>/s);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(svg).not.toMatch(/href|url\(/);
});

it("says so where the picture cannot be written, after the plan", async () => {
  const file = join(folderOf(), "no-folder", "day.svg");
  const { status, stdout, stderr } = await riskline(["plan", "--arrivals", "10/1s", ...SHORT, "--svg", file]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^transactions /);
  expect(stderr).toBe(`riskline: --svg: ${file} cannot be written (ENOENT)\n`);
});

it("says nothing of what concerns only workers", async () => {
  const env = { ALIPAY_QUOTA_HISTORY: "none" };
  expect(await riskline(["plan", "--arrivals", "1/1s", ...SHORT], { env })).toMatchObject({ stderr: "" });
});

it("ends at once on Ctrl-C", async () => {
  const content = 'nothing\n{"at":"2026-11-23T08:00:00Z","count":20000000}\n';
  const file = join(folderOf({ "a.ndjson": content }), "a.ndjson");
  const plan = new RisklineProcess(["plan", "--arrivals", file, "--quota", "400/1s"]);
  await plan.said("line 1: no JSON");
  plan.signal("SIGINT");
  expect(await plan.end()).toMatchObject({ status: 1, stdout: "" });
  expect(plan.stderr).toMatch(/^riskline: stopped by SIGINT$/m);
});

describe("wrong usage ends with status 2", () => {
  it.each([
    { args: [], said: "required option '--arrivals <rate|file>'" },
    { args: ["--arrivals", "many"], said: '"many" is not count/time' },
    { args: ["--arrivals", "1/1s", "--quota", "20"], said: "is not calls/window" },
    { args: ["--arrivals", "1/1s", "--latency", "80"], said: "is not a duration" },
    { args: ["--arrivals", "1/1s", "--failures", "2"], said: "is not a share" },
    { args: ["--arrivals", "1/1s", "--retry-limit", "4"], said: "Wanted: a whole number from 0 to 3" },
    {
      args: ["--arrivals", "1/1s", "--returning", "60%", "--below-threshold", "60%"],
      said: "together more than all transactions",
    },
    { args: ["--arrivals", "1/1s", "--failures", "60%", "--rejected", "60%"], said: "more than all calls" },
    { args: ["--arrivals", "999999/1ms"], said: "a plan has at most 20,000,000 transactions" },
    { args: ["--arrivals", "rows.csv"], said: "rows.csv: no such file", status: 1 },
  ])("$args", async ({ args, said, status = 2 }) => {
    const ended = await riskline(["plan", ...args]);
    expect(ended.stderr).toContain(said);
    expect(ended).toMatchObject({ status, stdout: "" });
  });
});
