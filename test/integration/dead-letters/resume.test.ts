import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { Pipeline } from "../../support/pipeline.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { riskline, RisklineProcess } from "../../unit/cli/riskline-process.ts";
import {
  bodies,
  callsMade,
  deadLetters,
  expectAnswers,
  expectLetters,
  ids,
  installation,
  PATIENT_MS,
} from "./installation.ts";

const LETTERS = ids("bad", 12);
/** Longer than it takes to meet the failure, shorter than the end of a replay is tried to be written down. */
const BLINK_MS = 1_500;
const recordsSchema = z.tuple([z.object({ id: z.string() })]);

/**
 * Twelve that would be answered now, but no worker that takes them up: their replay waits after its first letter. `link`: its
 * way to Redis.
 */
async function waitingReplay() {
  const { pipeline, gateway } = await installation();
  await deadLetters(pipeline, bodies(LETTERS));
  gateway.isMended = true;
  const before = callsMade(pipeline);
  for (const worker of pipeline.workers) await worker.end();
  const link = await startTcpProxy(pipeline.env["REDIS_URL"] ?? "");
  onTestFinished(() => link.close());
  const env = { ...pipeline.env, REDIS_URL: link.url };
  const replay = begin({ env }, "--reason", "rejected", "--why", "amended");
  await expect.poll(() => pipeline.ready("transactions.replay"), { timeout: 30_000 }).toBe(1);
  const [record] = recordsSchema.parse(await replaysOf(pipeline));
  return { pipeline, replay, link, id: record.id, before };
}

const begin = ({ env }: Pick<Pipeline, "env">, ...args: string[]) =>
  new RisklineProcess(["dead-letters", "replay", ...args, "--yes", "--json"], { env });

const resume = ({ env }: Pipeline, id: string, ...args: string[]) =>
  riskline(["dead-letters", "replay", "--resume", id, ...args, "--json"], {
    env: { ...env, RISKLINE_OPERATOR: "tom" },
  });

const replaysOf = ({ env }: Pipeline): Promise<unknown> => jsonOf(env, "dead-letters", "replays");

async function jsonOf(env: Pipeline["env"], ...args: string[]): Promise<unknown> {
  const { stdout } = await riskline([...args, "--json"], { env });
  return JSON.parse(stdout);
}

const saysHowToGoOn = (id: string): unknown =>
  expect.stringContaining(
    `riskline: the connection to Redis (REDIS_URL) was lost; go on with: riskline dead-letters replay --resume ${id}\n`,
  );

async function expectAllAnsweredOnce(pipeline: Pipeline, before: number): Promise<void> {
  await expectAnswers(pipeline, LETTERS);
  await expectLetters(pipeline, 0);
  expect(callsMade(pipeline) - before).toBe(LETTERS.length);
}

describe("a replay that is resumed", { timeout: PATIENT_MS }, () => {
  it("was interrupted by Ctrl-C, and goes on where it was; the audit says who took it up", async () => {
    const { pipeline, replay, id, before } = await waitingReplay();
    replay.signal("SIGINT");
    expect(await replay.end()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`--resume ${id}`),
    });
    expect(await replaysOf(pipeline)).toMatchObject([{ id, state: "paused", counts: { replayed: 1 } }]);
    await pipeline.startWorker();
    const resumed = await resume(pipeline, id, "--why", "the gateway is calm");
    expect(resumed.status).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ id, state: "finished", left: 0 });
    await expectAllAnsweredOnce(pipeline, before);
    const again = await resume(pipeline, id);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining(`${id}: is finished`) });
    expect(await jsonOf(pipeline.env, "audit")).toMatchObject([
      { act: "dead-letters-replay", reason: "amended", details: { replay: id } },
      {
        act: "dead-letters-resume",
        by: "tom",
        reason: "the gateway is calm",
        details: { replay: id, state: "paused", counts: { replayed: 1 } },
      },
    ]);
  });

  it("was paused from elsewhere; of two who resume it at once, one does, and the other is told", async () => {
    const { pipeline, replay, id, before } = await waitingReplay();
    const early = await resume(pipeline, id);
    expect(early).toMatchObject({ status: 1, stderr: expect.stringContaining(`${id}: is running`) });
    const paused = await riskline(["dead-letters", "pause", id, "--why", "calm"], { env: pipeline.env });
    expect(paused.status).toBe(0);
    expect(await replay.end()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("paused, as somebody wanted"),
    });
    // No worker: whoever has it still has it when the other one comes.
    const both = [resume(pipeline, id), resume(pipeline, id)];
    const refused = await Promise.race(both);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining(`${id}: is running`) });
    await pipeline.startWorker();
    expect(new Set((await Promise.all(both)).map(({ status }) => status))).toEqual(new Set([0, 1]));
    await expectAllAnsweredOnce(pipeline, before);
    const acts = ["dead-letters-replay", "dead-letters-pause", "dead-letters-resume"];
    expect(await jsonOf(pipeline.env, "audit")).toMatchObject(acts.map((act) => ({ act })));
  });

  it("was stopped by its canary, and goes on past it where that is told", async () => {
    const { pipeline } = await installation();
    await deadLetters(pipeline, bodies(ids("bad", 5)));
    const stopped = await begin(pipeline, "--reason", "rejected").end();
    expect(stopped).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("or --keep-going; go on with:"),
    });
    const [{ id }] = recordsSchema.parse(await replaysOf(pipeline));
    const again = await resume(pipeline, id);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: "stopped", counts: { replayed: 2, failed: 2 } });
    const kept = await resume(pipeline, id, "--keep-going");
    expect(kept.status).toBe(0);
    expect(JSON.parse(kept.stdout)).toMatchObject({ state: "finished", counts: { replayed: 5, failed: 5 } });
    await expectLetters(pipeline, 5);
  });

  it("lost its link to Redis for a moment: it says how to go on, and that it is paused is written down", async () => {
    const { pipeline, replay, link, id } = await waitingReplay();
    link.refuse();
    await sleep(BLINK_MS);
    link.restore();
    expect(await replay.end()).toMatchObject({ status: 1, stderr: saysHowToGoOn(id) });
    expect(await replaysOf(pipeline)).toMatchObject([{ id, state: "paused", counts: { replayed: 1 } }]);
  });

  it("lost its link to Redis for good: it says how to go on all the same", async () => {
    const { replay, link, id } = await waitingReplay();
    link.refuse();
    expect(await replay.end()).toMatchObject({ status: 1, stderr: saysHowToGoOn(id) });
  });

  it("was killed, and is waited for until nobody has it, whatever was wanted of who ran it", async () => {
    const { pipeline, replay, id, before } = await waitingReplay();
    replay.signal("SIGKILL");
    await replay.end();
    // Nobody can tell yet that it is dead.
    const paused = await riskline(["dead-letters", "pause", id], { env: pipeline.env });
    expect(paused.status).toBe(0);
    await pipeline.startWorker();
    const resumed = await resume(pipeline, id, "--wait");
    expect(resumed).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`waiting: ${id}: is running`),
    });
    await expectAllAnsweredOnce(pipeline, before);
    expect(await replaysOf(pipeline)).toMatchObject([{ id, state: "finished" }]);
  });
});
