import { describe, expect, it } from "vitest";
import { riskline } from "./riskline-process.ts";

/** Nobody listens on port 1: whoever gets as far as that has taken the command line for a good one. */
const env = { AMQP_URL: "amqp://127.0.0.1:1", REDIS_URL: "redis://127.0.0.1:1" };
const list = (...args: string[]) => riskline(["dead-letters", "list", ...args], { env });

describe("filters that no dead letter can fit are wrong usage", () => {
  it.each([
    { args: ["--since", "2h", "--until", "3h"], says: "--since is later than --until" },
    {
      args: ["--since", "2026-11-23T09:00:00+08:00", "--until", "2026-11-23T08:59:59+08:00"],
      says: "--since is later than --until",
    },
    { args: ["--since", "1h", "--until", "2026-01-01T00:00:00Z"], says: "--since is later than --until" },
    { args: ["--since", "2126-01-01T00:00:00Z"], says: "--since is still to come" },
    { args: ["--reason", "misrouted", "--since", "2h"], says: "does not say when it failed" },
    { args: ["--reason", "unknown", "--until", "2h"], says: "does not say when it failed" },
    { args: ["--reason", "misrouted", "--code", "40004"], says: "has no code" },
    { args: ["--reason", "rejcted"], says: "Wanted: one of malformed," },
    { args: ["--min-amount", "-1"], says: "Wanted: a number from 0" },
    { args: ["--min-amount", "1e3"], says: "Wanted: a number from 0" },
    { args: ["--min-amount", "ten"], says: "Wanted: a number from 0" },
    { args: ["--min-amount", "100000001"], says: "Wanted: a number from 0" },
    { args: ["--code", ""], says: "Wanted: a text" },
    { args: ["--merchant", ""], says: "Wanted: a text" },
    { args: ["--merchant", "m".repeat(65)], says: "Wanted: a text" },
    { args: ["--id", ""], says: "Wanted: a text" },
    { args: ["--id", "T1", "--id", "T".repeat(65)], says: "Wanted: a text" },
  ])("$args", async ({ args, says }) => {
    expect(await list(...args)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining(says),
    });
  });

  it("of every command that takes them", async () => {
    const wrong = ["--since", "2h", "--until", "3h"];
    for (const [name = "", ...more] of [
      ["replay", "--dry-run"],
      ["discard", "--why", "a test"],
      ["export", "--out", "x", "--why", "a test"],
    ])
      expect(await riskline(["dead-letters", name, ...more, ...wrong], { env })).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("--since is later than --until"),
      });
  });
});

it.each([
  { args: ["--since", "3h", "--until", "2h"] },
  { args: ["--since", "2026-11-23T08:00:00+08:00", "--until", "2026-11-23T08:00:00+08:00"] },
  { args: ["--reason", "poisoned", "--since", "2h"] },
  { args: ["--min-amount", "0", "--merchant", "m".repeat(64)] },
])("$args get as far as the servers", async ({ args }) => {
  expect(await list(...args)).toMatchObject({ status: 1, stderr: expect.stringContaining("_URL") });
});

describe("a replay that is resumed goes on as it was ordered", () => {
  const resume = (...args: string[]) =>
    riskline(["dead-letters", "replay", "--resume", "R1", ...args], { env });

  it.each([
    ["--dry-run"],
    ["--share", "10%"],
    // What it is without the flag, too.
    ["--share", "50%"],
    ["--fresh-calls"],
    ["--hopeless"],
    ["--all"],
    ["--reason", "rejected"],
    ["--code", "40004"],
    ["--since", "2h"],
    ["--until", "2h"],
    ["--merchant", "m"],
    ["--id", "T1"],
    ["--min-amount", "1"],
  ])("%s is wrong usage", async (flag, ...value) => {
    expect(await resume(flag, ...value)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining(
        `riskline: ${flag}: not with --resume, which goes on as the replay was`,
      ),
    });
  });

  it("all that is wrong is named", async () => {
    const { stderr } = await resume("--hopeless", "--keep-going", "--dry-run");
    expect(stderr).toContain("riskline: --hopeless, --dry-run: not with --resume");
  });

  it("how it is run this time may be said", async () => {
    const flags = ["--keep-going", "--patience", "1h", "--why", "x", "--yes", "--wait", "--json"];
    expect(await resume(...flags)).toMatchObject({
      status: 1,
      stderr: expect.not.stringContaining("--help"),
    });
  });
});
