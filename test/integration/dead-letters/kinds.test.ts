import { connect } from "amqplib";
import { expect, it } from "vitest";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { riskline, RisklineProcess } from "../../unit/cli/riskline-process.ts";
import {
  callsMade,
  expectAnswers,
  expectLetters,
  ids,
  installation,
  PATIENT_MS,
  replay,
} from "./installation.ts";

const EACH = 60;
const FIRST_ANSWERED = 10;
const KINDS = [
  { reason: "malformed", change: { amount: { value: "0.00", currency: "CNY" } } },
  { reason: "unsupported-rail", change: { rail: "wechat" } },
  { reason: "rejected", change: {} },
  { reason: "attempts-exhausted", change: {} },
  { reason: "expired", change: { decideBy: "2026-11-23T08:00:02+08:00" } },
] as const;

/** Five kinds in turn, as workers leave them, the first of one kind answered since. */
async function putLetters(pipeline: Pipeline): Promise<void> {
  const answered = ids("rejected", FIRST_ANSWERED);
  await pipeline.publish(answered.map((transactionId) => sampleBody({ transactionId })));
  await expectAnswers(pipeline, answered);
  const model = await connect(pipeline.env["AMQP_URL"] ?? "");
  const channel = await model.createConfirmChannel();
  for (let i = 0; i < EACH; i++)
    for (const { reason, change } of KINDS) {
      const body = sampleBody({ transactionId: `${reason}-${i}`, ...change });
      const headers = {
        "x-risk-reason": reason,
        "x-risk-attempts": 1,
        "x-risk-replays": 0,
        "x-risk-failed-at": "2026-11-23T08:00:00.000+08:00",
      };
      channel.publish(`${pipeline.namespace}.dead-letters`, reason, Buffer.from(JSON.stringify(body)), {
        persistent: true,
        headers,
      });
    }
  await channel.waitForConfirms();
  await model.close();
}

/** What a run says that has counted, and that has put its first letter back. */
const SAYINGS = ["takes", "1 put back"];

/**
 * Begins a replay in a process of its own, and kills it somewhere after what it says. At ten calls a second, so that each
 * of them leaves some to the next.
 */
async function beginAndKill(pipeline: Pipeline, saying = ""): Promise<void> {
  const args = ["dead-letters", "replay", "--reason", "rejected", "--share", "1%", "--yes", "--wait"];
  const victim = new RisklineProcess(args, { env: pipeline.env });
  await victim.said(saying);
  setTimeout(() => victim.signal("SIGKILL"), Math.random() * 250);
  await victim.end();
}

it(
  "a replay of one of five kinds, killed ten times and then run twice at once, replays exactly that kind, once",
  { timeout: PATIENT_MS },
  async () => {
    const { pipeline } = await installation();
    await putLetters(pipeline);
    await expectLetters(pipeline, KINDS.length * EACH);
    const before = callsMade(pipeline);
    for (let kill = 0; kill < 10; kill++) {
      await beginAndKill(pipeline, SAYINGS[kill % 2]);
      // All but the last time. It would run out by itself, in a quarter of a minute: that is what the last ones wait for.
      if (kill < 9) await pipeline.redis.del(`${pipeline.namespace}:dead-letters:lock`);
    }
    expect(callsMade(pipeline)).toBeGreaterThan(before);
    const selection = { reason: "rejected" };
    const both = await Promise.all([replay(pipeline, { selection }), replay(pipeline, { selection })]);
    expect(both.map(({ end, left }) => ({ state: end.state, left }))).toEqual([
      { state: "finished", left: 0 },
      { state: "finished", left: 0 },
    ]);

    await expectAnswers(pipeline, ids("rejected", EACH));
    await expectAnswers(pipeline, ids("rejected", FIRST_ANSWERED), 2);
    expect(callsMade(pipeline) - before).toBe(EACH - FIRST_ANSWERED);
    expect(pipeline.sandbox.report().transactions.maxCalls).toBe(1);
    const listed = await riskline(["dead-letters", "list", "--json"], { env: pipeline.env });
    const others = ["attempts-exhausted", "expired", "malformed", "unsupported-rail"];
    const groups = others.map((reason) => ({ reason, letters: EACH }));
    expect(JSON.parse(listed.stdout)).toMatchObject({ letters: others.length * EACH, copies: 0, groups });
  },
);
