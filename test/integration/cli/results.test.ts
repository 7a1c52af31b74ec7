import { describe, expect, it } from "vitest";
import type { RiskResult, Verdict } from "../../../shared/domain/risk-result.ts";
import { RisklineProcess } from "../../unit/cli/riskline-process.ts";
import { proxyTo, testBroker, type TestBroker } from "../amqp/broker.ts";
import { sampleResult } from "../../support/sample-result.ts";

const WATCHING = "watching results; Ctrl-C ends it";

const resultOf = (transactionId: string, verdict: Verdict): RiskResult =>
  sampleResult({ transactionId, verdict });

/** As a worker publishes it. */
async function announce({ channel, names }: TestBroker, result: RiskResult): Promise<void> {
  channel.publish(names.exchanges.results, `result.${result.verdict}`, Buffer.from(JSON.stringify(result)));
  await channel.waitForConfirms();
}

function follow(broker: TestBroker, flags: readonly string[], url = broker.url): RisklineProcess {
  const env = { AMQP_URL: url, NAMESPACE: broker.namespace };
  return new RisklineProcess(["results", "--follow", ...flags], { env });
}

describe("riskline results --follow", () => {
  it("shows each result in a line, and takes none away from its consumers", async () => {
    const broker = await testBroker();
    const results = follow(broker, []);
    await results.said(WATCHING);
    await announce(broker, resultOf("T1", "review"));
    await results.said("T1");
    results.signal("SIGINT");
    const { status, stdout } = await results.end();
    expect(status).toBe(0);
    expect(stdout).toBe(
      "2026-11-23T08:00:00.412+08:00  review   0.62  alipay           T1  DEVICE_VELOCITY\n",
    );
    expect((await broker.take(broker.names.results)).content.toString()).toContain('"T1"');
  });

  it("picks verdicts, prints JSON, and ends after so many", async () => {
    const broker = await testBroker();
    const results = follow(broker, ["--verdict", "review", "decline", "--count", "2", "--json"]);
    await results.said(WATCHING);
    const all = [
      resultOf("T1", "approve"),
      resultOf("T2", "decline"),
      resultOf("T3", "review"),
      resultOf("T4", "review"),
    ];
    for (const result of all) await announce(broker, result);
    const { status, stdout } = await results.end();
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toEqual([JSON.stringify(all[1]), JSON.stringify(all[2])]);
  });

  it.each([[[]], [["--json"]]])("shows nothing that a terminal would obey, with flags %j", async (flags) => {
    const broker = await testBroker();
    const results = follow(broker, ["--count", "1", ...flags]);
    await results.said(WATCHING);
    const note = "\u001B[2J\u009B2J\u202E";
    await announce(broker, sampleResult({ transactionId: "T1", ruleCodes: [note], metadata: { note } }));
    const { stdout } = await results.end();
    expect(stdout).toContain("T1");
    expect(stdout).not.toMatch(/[^\P{C}\n]/u);
  });

  it("leaves out what is no result", async () => {
    const broker = await testBroker();
    const results = follow(broker, ["--count", "1"]);
    await results.said(WATCHING);
    broker.channel.publish(broker.names.exchanges.results, "result.approve", Buffer.from("nonsense"));
    await announce(broker, resultOf("T1", "approve"));
    const { stdout, stderr } = await results.end();
    expect(stdout).toMatch(/^\S+ {2}approve .* T1 /);
    expect(stderr).toContain("left out what is not a result of this version");
  });

  it("goes on when the broker is back", async () => {
    const broker = await testBroker();
    const proxy = await proxyTo(broker.url);
    const results = follow(broker, ["--count", "1"], proxy.url);
    await results.said(WATCHING);
    proxy.cut();
    await results.said("watching was interrupted");
    await results.said(`the broker is back\n${WATCHING}`);
    await announce(broker, resultOf("T1", "approve"));
    expect(await results.end()).toMatchObject({ status: 0, stdout: expect.stringContaining("T1") });
  });

  it("ends quietly when nobody reads it any more", async () => {
    const broker = await testBroker();
    const results = follow(broker, []);
    await results.said(WATCHING);
    results.closeStdout();
    await announce(broker, resultOf("T1", "approve"));
    expect(await results.end()).toMatchObject({ status: 0, stderr: `${WATCHING}\n` });
  });
});
